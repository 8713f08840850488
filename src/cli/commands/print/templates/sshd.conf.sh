install -d -m 0755 /etc/ssh/rosterd-keys
[ -e /etc/ssh/rosterd-keys/registry ] || install -m 0644 /dev/null /etc/ssh/rosterd-keys/registry
