"""What became of everything that was accepted."""

import collections
import concurrent.futures

from failover.clients import Client, Journal
from processes import wait_until


def wait_until_ended(stack, timeout=180):
    """Waits until the queue holds nothing but what was put off on purpose."""
    left = """
        SELECT (SELECT count(*) FROM lectern.ready) + (SELECT count(*) FROM lectern.lease)
             + (SELECT count(*) FROM lectern.scheduled WHERE why <> 'delayed')"""

    def is_empty():
        with stack.cluster.connect() as connection:
            return connection.execute(left).fetchone() == (0,)

    wait_until("the end of every job", is_empty, timeout, pause=0.5)


def lost_work(stack, load):
    """Descriptions of what was accepted and is not there, and of what counts twice."""
    lost, doubled = [], []
    with concurrent.futures.ThreadPoolExecutor(len(load.learners)) as pool:
        for found in pool.map(lambda learner: _Reader(stack).read(learner), load.learners):
            lost += found.lost
            doubled += found.doubled
    with stack.cluster.connect() as connection:
        states = dict(connection.execute("SELECT job_id, state FROM lectern.resync WHERE ended_at IS NOT NULL"))
        for job in load.author.accepted:
            # A newer state of the book cancels what an older one had not finished.
            if states.get(job) != "done" and (states.get(job) != "cancelled" or job == load.author.accepted[-1]):
                lost.append(f"resync {job}: {states.get(job)}")
        lost += [f"a dead {kind}: {message}" for kind, message in connection.execute(
            "SELECT kind, message FROM lectern.dead")]
        doubled += [f"job {job} ended twice" for (job,) in connection.execute(
            "SELECT job_id FROM lectern.done GROUP BY job_id HAVING count(*) > 1")]
    stack.command("verify", "queue")
    return lost, doubled


class _Reader:
    """Compares what one thread's learners were told with what they find."""

    def __init__(self, stack):
        self.client = Client(stack.front.api, Journal())
        self.lost = []
        self.doubled = []

    def _answer(self, path, user):
        def answer():
            answer = self.client.send("GET", path, user)
            return None if answer.is_refusal else answer

        return wait_until(path, answer, 30, pause=0.2)

    def read(self, learner):
        for (user, slug), seconds in learner.reported.items():
            found = self._answer(f"/api/progress/lessons/{slug}", user).json()
            more = found["time_spent_seconds"] - seconds
            if more < 0:
                self.lost.append(f"{-more} s of reading {slug}")
            # A report whose answer the end of the run cut off may count or not.
            elif more > ((user, slug) in learner.unsure):
                self.doubled.append(f"{more} s of reading {slug}")
            if (user, slug) in learner.completed and found["status"] != "completed":
                self.lost.append(f"the end of {slug}")
        for path, user in learner.operations.items():
            answer = self._answer(path, user)
            if not answer.is_success or answer.json()["status"] != "succeeded":
                self.lost.append(f"{path}: {answer.status} {answer.body[:200]}")
        for user, slug in learner.asked:
            if self._answer(f"/api/personalize/{slug}", user).status != 200:
                self.lost.append(f"the text of {slug}")
        return self


def spent_attempts(connection, since):
    """Runs that failed or were lost since an instant of the database, by what and code."""
    return collections.Counter({f"{what} {kind} {code}": count for what, kind, code, count in connection.execute(
        "SELECT e.what, j.kind, e.code, count(*) FROM lectern.event e LEFT JOIN lectern.job j ON j.id = e.job_id "
        "WHERE e.at >= %s AND e.what IN ('retry', 'lost', 'discard') GROUP BY 1, 2, 3", [since])})


def failures(answers):
    """Answers that neither did what was asked nor said when to ask again, with how often each came."""
    return collections.Counter(
        f"{answer.what.split('/lessons/')[0].split('?')[0]}: {answer.status or 'no answer'} "
        + answer.body[:120].decode(errors="replace")
        for answer in answers if not answer.is_success and not answer.is_refusal)
