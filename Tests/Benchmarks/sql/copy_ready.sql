COPY lectern.ready (queue, lane, tag, job_id) FROM STDIN
