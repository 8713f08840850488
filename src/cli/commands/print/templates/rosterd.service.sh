[ -d {{settings_folder}} ] || install -d -o rosterd -g rosterd -m 0750 {{settings_folder}}
# The address of the database, with its password.
install -d -m 0700 /etc/rosterd
[ -e /etc/rosterd/database-url ] ||
  (umask 077; echo 'postgres://rosterd:PASSWORD@127.0.0.1:5432/rosterd' > /etc/rosterd/database-url)
