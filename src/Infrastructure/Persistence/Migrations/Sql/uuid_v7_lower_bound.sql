-- Returns the lowest UUIDv7 of an instant.
CREATE FUNCTION uuid_v7_lower_bound(instant timestamptz) RETURNS uuid
    LANGUAGE sql IMMUTABLE STRICT
AS $$
    SELECT (lpad(to_hex((extract(epoch FROM instant) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;
