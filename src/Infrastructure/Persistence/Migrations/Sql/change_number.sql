-- Returns the change number of a transaction: its number plus the offset of the newest epoch, so that change numbers
-- keep growing when transaction numbers restart. A snapshot contains the low watermark (pg_snapshot_xmin): no
-- transaction with a lower number is open any more. A reader has to read again from the low watermark on.
CREATE FUNCTION change_number(xid xid8) RETURNS bigint
    LANGUAGE sql STABLE
AS $$
    SELECT xid::text::bigint
        + coalesce((SELECT change_offset FROM database_epochs ORDER BY number DESC LIMIT 1), 0)
$$;
