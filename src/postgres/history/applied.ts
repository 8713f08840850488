/**
 * Whether an import changed users, even if some of them are held. The condition is false while the change guard holds
 * the whole file.
 */
export const APPLIED = "status in ('done', 'failed_records', 'held') and hold_kind is distinct from 'changes'";

/** {@link APPLIED}, and the import has not been undone. */
export const IN_EFFECT = `${APPLIED} and undone_at is null`;
