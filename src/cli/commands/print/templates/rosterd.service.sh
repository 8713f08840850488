[ -d {{settings_folder}} ] || install -d -o rosterd -g rosterd -m 0750 {{settings_folder}}
# Keeps an existing database address with its password. Sets the folders to those of this unit.
[ -d {{environment_folder}} ] || install -d -m 0755 {{environment_folder}}
[ -e {{environment_file}} ] ||
  (umask 077; echo 'DATABASE_URL=postgres://rosterd:PASSWORD@127.0.0.1:5432/rosterd' > {{environment_file}})
sed -i '/^ROSTERD_\(UPLOAD\|DATA\|SETTINGS\)=/d' {{environment_file}}
printf '%s\n' ROSTERD_UPLOAD={{upload}} ROSTERD_DATA={{data}} ROSTERD_SETTINGS={{settings}} >> {{environment_file}}
chown root:rosterd {{environment_file}} && chmod 0640 {{environment_file}}
# Services cannot enter home folders, so a program there is copied. Repeat this after each update.
[ {{program}} = {{binary}} ] || install -m 0755 {{program}} {{binary}}
