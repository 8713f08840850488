-- Lists the users whom the approval archives, for the release of their permits.
create temp table archived on commit drop as
select unique_id from deciding where left_out is null and effect = 'archive'
