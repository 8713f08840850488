-- Holds all users who would lose `active`. The other values of their records are still applied.
with kept as (update missing set held = true where loses)
update plan set held = transition, transition = null, waits = false where loses
