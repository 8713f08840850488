# The service's data. An existing folder is left as it is.
[ -d {{data}} ] || install -d -o rosterd -g rosterd -m 0700 {{data}}
