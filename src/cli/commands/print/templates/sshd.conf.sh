install -d -m 0755 /etc/ssh/rosterd-keys
[ -e /etc/ssh/rosterd-keys/{{account}} ] || install -m 0644 /dev/null /etc/ssh/rosterd-keys/{{account}}
