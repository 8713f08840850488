# The service's user and its upload folder. The folder is sticky and belongs to rosterd, so that uploaders can neither
# create nor rename bak and .rosterd. rosterd reads uploads as a member of the uploaders' group.
getent group rosterd >/dev/null || groupadd --system rosterd
getent group rosterd-upload >/dev/null || groupadd --system rosterd-upload
getent passwd rosterd >/dev/null ||
  useradd --system --no-create-home --shell /usr/sbin/nologin --gid rosterd --home-dir / rosterd
usermod --append --groups rosterd-upload rosterd
[ -d {{parent}} ] || install -d -m 0755 {{parent}}
# Feed accounts, if there are any, pass through this folder.
mode=3770
[ ! -d {{upload}} ] || [ -z "$(find {{upload}} -maxdepth 0 -perm -001)" ] || mode=3771
install -d -o rosterd -g rosterd-upload -m $mode {{upload}}
for folder in {{upload}}/bak {{upload}}/.rosterd; do
  [ ! -L "$folder" ] || { echo "$folder is a symbolic link that rosterd did not create. Remove it." >&2; exit 1; }
done
install -d -o rosterd -g rosterd -m 0750 {{upload}}/bak
install -d -o rosterd -g rosterd -m 0700 {{upload}}/.rosterd
