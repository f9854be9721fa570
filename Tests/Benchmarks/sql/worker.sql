-- A worker to hold the leases of the raw side.
INSERT INTO lectern.worker (name, queues, slots) VALUES ('pgbench', '{bench}', 100) RETURNING id
