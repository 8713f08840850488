select unique_id, xmin as version, 1 as sign from rosterd.users
