COPY lectern.job (id, queue, kind, args, lane, max_attempts, timeout_ms) FROM STDIN
