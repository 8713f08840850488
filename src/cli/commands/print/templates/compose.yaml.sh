# A container knows users of the host by number, not by name.
printf '%s\n' \
  "ROSTERD_UID=$(id -u rosterd)" \
  "ROSTERD_GID=$(id -g rosterd)" \
  "ROSTERD_UPLOAD_GID=$(getent group rosterd-upload | cut -d : -f 3)" > .env
# Each secret is readable only by its user. The password is created once, because the database keeps it.
install -d -m 0700 secrets
umask 077
[ -e secrets/database-password ] ||
  head -c 24 /dev/urandom | od -An -v -tx1 | tr -d ' \n' > secrets/database-password
[ -e secrets/database-url ] ||
  echo "postgres://rosterd:$(cat secrets/database-password)@database:5432/rosterd" > secrets/database-url
chown rosterd secrets/database-url
