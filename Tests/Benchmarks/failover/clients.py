"""Learners who work through HAProxy without a pause, and an author who publishes edits; all keep what was accepted."""

import collections
import http.client
import itertools
import json
import random
import subprocess
import threading
import time

from content.make_book import lessons_of
from installation import ANSWERS, slices
from processes import wait_until

# Lessons at the end of the book that the author edits; learners leave them alone.
EDITED_LESSONS = 5
REQUESTS_PER_SECOND = 8


class Answer:
    """One answer, or what came in its place."""

    def __init__(self, began, what, status, headers, body):
        self.began = began
        self.ended = time.monotonic()
        self.what = what
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def is_success(self):
        return 200 <= self.status < 300

    @property
    def is_refusal(self):
        """Not now: the client knows when to ask again."""
        return self.status == 503 and self.headers.get("Retry-After", "").isdigit()

    def json(self):
        return json.loads(self.body)


class Client:
    """Sends requests on a connection that is kept; every answer goes into the journal."""

    def __init__(self, address, journal):
        self.address = address
        self.journal = journal
        self.connection = None

    def send(self, method, path, user=None, body=None):
        began = time.monotonic()
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection(*self.address, timeout=70)
            self.connection.request(
                method, path, None if body is None else json.dumps(body),
                {"Content-Type": "application/json"} | ({"X-User-ID": user} if user else {}))
            response = self.connection.getresponse()
            answer = Answer(began, f"{method} {path}", response.status, response.headers, response.read())
        except (OSError, http.client.HTTPException) as error:
            if self.connection is not None:
                self.connection.close()
            self.connection = None
            answer = Answer(began, f"{method} {path}", 0, {}, repr(error).encode())
        self.journal.add(answer)
        return answer


class Journal:
    """All answers of a run, by the time of their end."""

    def __init__(self):
        self.answers = []
        self.written = []

    def add(self, answer):
        self.answers.append(answer)
        if answer.is_success and answer.what.startswith("PUT"):
            self.written.append(answer.ended)

    def since(self, began):
        return [answer for answer in list(self.answers) if answer.began >= began]

    def gap(self, began):
        """The longest time without an accepted write since then, in seconds."""
        times = [began, *sorted(at for at in list(self.written) if at >= began)]
        return max((later - earlier for earlier, later in itertools.pairwise(times)), default=time.monotonic() - began)


class Learners(threading.Thread):
    """Some learners, one request after the other."""

    def __init__(self, address, journal, number, of, over):
        super().__init__(name=f"learners-{number}", daemon=True)
        self.client = Client(address, journal)
        self.over = over
        self.random = random.Random(number)
        self.answers = list(slices())[number::of]
        # (learner, lesson) → seconds that were acknowledged; and what was asked for and accepted.
        self.reported = collections.Counter()
        self.unsure = set()
        self.completed = set()
        self.asked = set()
        self.operations = {}
        self.fault = None

    def enrol(self, slugs):
        users = []
        for answers in self.answers:
            user = self.client.send("POST", "/api/user/create").json()["id"]
            self.client.send("POST", "/api/onboarding", body={"user_id": user, **ANSWERS, **answers})
            users.append(user)
        pairs = [(user, slug) for slug in slugs for user in users]
        self.random.shuffle(pairs)
        self.pairs = itertools.cycle(pairs)

    def run(self):
        try:
            for number, (user, slug) in enumerate(self.pairs):
                if self.over.is_set():
                    return
                self._personalize(user, slug)
                self._report(user, slug, number)
                if number % 3 == 0:
                    self._complete(user, slug)
                self._send("GET", f"/api/personalize/{slug}", user)
                self._send("POST", "/api/search", body={"query": f"lesson about {slug}"})
        except Exception as error:
            self.fault = error

    def _send(self, method, path, user=None, body=None):
        self.over.wait(self.random.uniform(0.5, 1.5) / REQUESTS_PER_SECOND)
        return self.client.send(method, path, user, body)

    def _until_accepted(self, method, path, user, body):
        """Sends the same request until it is accepted; None where the run ends before."""
        while True:
            answer = self._send(method, path, user, body)
            if answer.is_success:
                return answer
            if self.over.is_set():
                return None

    def _personalize(self, user, slug):
        answer = self._until_accepted("POST", "/api/personalize", user, {"lesson_slug": slug})
        if answer is not None:
            self.asked.add((user, slug))
            if answer.status == 202:
                self.operations[answer.headers["Location"]] = user

    def _report(self, user, slug, number):
        """One second of reading, with a number by which a repeated report counts once."""
        body = {"time_spent_seconds": 1, "report_number": number}
        if self._until_accepted("PUT", f"/api/progress/lessons/{slug}/time", user, body) is not None:
            self.reported[user, slug] += 1
        else:
            self.unsure.add((user, slug))

    def _complete(self, user, slug):
        if self._until_accepted("POST", f"/api/progress/lessons/{slug}/complete", user, None) is not None:
            self.completed.add((user, slug))


class Author(threading.Thread):
    """Edits a lesson every few seconds and asks for a resync."""

    def __init__(self, stack, book, over):
        super().__init__(name="author", daemon=True)
        self.stack = stack
        self.book = book
        self.over = over
        self.accepted = []
        self.refused = 0
        self.fault = None

    def run(self):
        lessons = lessons_of(self.book)[-EDITED_LESSONS:]
        try:
            for number in itertools.count(1):
                with open(lessons[number % len(lessons)], "a", encoding="utf-8") as file:
                    file.write(f"\nEdition {number} says it again.\n")
                while not self.over.wait(4) and not self._publish():
                    self.refused += 1
                if self.over.is_set():
                    return
        except Exception as error:
            self.fault = error

    def _publish(self):
        done = subprocess.run(
            [*map(str, self.stack.place.prefix), self.stack.binaries / "lectern", "resync", "--path", self.book,
             "--output", "json"],
            env=self.stack.environment(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
        if done.returncode == 0:
            self.accepted.append(int(json.loads(done.stdout)["id"]))
        elif done.returncode != 5:
            raise RuntimeError(f"lectern resync ended with {done.returncode}: {done.stderr}")
        return done.returncode == 0


class Load:
    """All clients."""

    def __init__(self, stack, book, threads):
        self.over = threading.Event()
        self.journal = Journal()
        self.learners = [
            Learners(stack.front.api, self.journal, number, threads, self.over) for number in range(threads)]
        self.author = Author(stack, book, self.over)
        slugs = stack.slugs()[:-EDITED_LESSONS]
        for learner in self.learners:
            learner.enrol(slugs)

    def start(self):
        for thread in (*self.learners, self.author):
            thread.start()
        self.wait_for_writes(50)

    def wait_for_writes(self, count, timeout=120):
        """Waits until so many more writes were accepted."""
        before = len(self.journal.written)
        wait_until("accepted writes", lambda: len(self.journal.written) >= before + count, timeout)

    def require_healthy(self):
        for thread in (*self.learners, self.author):
            if thread.fault is not None:
                raise thread.fault

    def stop(self):
        self.over.set()
        for thread in (*self.learners, self.author):
            thread.join(90)
        self.require_healthy()
