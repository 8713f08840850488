-- Everybody who would lose `active` is held: nothing happens to them; other values of their records are applied.
with kept as (update missing set held = true where loses)
update plan set held = transition, transition = null where loses
