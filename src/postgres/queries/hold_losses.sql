-- Holds all users who would lose access. The other values in the records of these users are still applied.
with kept as (update missing set held = true where loses)
update plan set held = transition, transition = null, waits = false where loses
