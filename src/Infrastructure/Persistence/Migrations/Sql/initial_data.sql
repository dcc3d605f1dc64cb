-- The partitions of this quarter and the next. The maintenance of the service creates the later ones.
SELECT create_runs_partition(now() + n * interval '3 months') FROM generate_series(0, 1) AS n;

-- The key comes from the server's strong random source (gen_random_uuid). It is stored only in the database, so that
-- several instances of the service share it.
INSERT INTO page_token_signing_keys (id, key)
VALUES (1, sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')));
