"""The crash suite of the job queue: real workers and enqueuers, real PostgreSQL, real faults, and an audit after each.

servers.py    the PostgreSQL servers and the pooler in front of them
processes.py  the processes that are killed, and what they wrote into their journals
trial.py      one run of one scenario: its database, its processes, its seed
scenarios.py  the faults of workers and enqueuers, and the list of all
outages.py    the faults of the server
audit.py      what must hold while a trial runs and after it
variants.py   an engine broken on purpose, which the audit must catch
plan.py       which scenario runs on which server, and several at a time
"""
