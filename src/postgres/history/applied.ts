/**
 * SQL condition: the import was applied, even if some of its users are held. An import whose whole file is held by the
 * change guard was not applied.
 */
export const APPLIED = "status in ('done', 'failed_records', 'held') and hold_kind is distinct from 'changes'";

/** SQL condition: the import was applied and has not been undone. */
export const IN_EFFECT = `${APPLIED} and undone_at is null`;
