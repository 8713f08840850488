# The first uploader, without a password or key yet. vsftpd reads the home folder as LOCKED-INTO/./START.
getent passwd {{account}} >/dev/null ||
  useradd --system --no-create-home --shell /usr/sbin/nologin --gid {{group}} \
    --home-dir {{parent}}/./{{folder}} --password '*' {{account}}
for folder in {{parents}}; do
  [ "$(stat -c %u "$folder")" = 0 ] && [ -z "$(find "$folder" -maxdepth 0 -perm /022)" ] || {
    echo "$folder must belong to root and be writable only by root. Otherwise users cannot be locked into it." >&2
    exit 1
  }
done
