# The folder of the feed, for a group of its own. Its accounts pass through {{upload}}, but cannot list it.
getent group {{group}} >/dev/null || groupadd --system {{group}}
usermod --append --groups {{group}} rosterd
chmod o+x {{upload}}
for folder in {{target}} {{target}}/bak {{target}}/.rosterd; do
  [ ! -L "$folder" ] || { echo "$folder is a symbolic link that rosterd did not create. Remove it." >&2; exit 1; }
done
install -d -o rosterd -g {{group}} -m 3770 {{target}}
[ -d {{target}}/bak ] || install -d -o rosterd -g rosterd -m 0750 {{target}}/bak
[ -d {{target}}/.rosterd ] || install -d -o rosterd -g rosterd -m 0700 {{target}}/.rosterd
