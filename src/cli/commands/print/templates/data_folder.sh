# The service's data folder. An existing one is left as it is.
[ -d {{data}} ] || install -d -o rosterd -g rosterd -m 0700 {{data}}
