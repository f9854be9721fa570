"""Many clients at the same time, each with a connection of its own: plain HTTP/1.1 over asyncio."""

import asyncio
import json

SECONDS = 120


class Client:
    """One client: a connection that is kept, and the learner it speaks for."""

    def __init__(self, port, user):
        self.port = port
        self.user = user
        self.reader = self.writer = None
        # How often the server was too busy to answer.
        self.refusals = 0

    async def connect(self):
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)

    async def send(self, method, path, body=None):
        """Sends a request and returns status, headers by lower-case name, and the document."""
        payload = b"" if body is None else json.dumps(body).encode()
        head = (f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-User-ID: {self.user}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n\r\n")
        self.writer.write(head.encode() + payload)
        answer = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in answer[1:])}
        content = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return int(answer[0].split()[1]), headers, json.loads(content) if content else None

    async def close(self):
        self.writer.close()
        await self.writer.wait_closed()

    async def ask(self, *request):
        """As `send`; who is told that the server is busy repeats the request when told to."""
        while True:
            answer = await self.send(*request)
            if answer[0] != 503:
                return answer
            self.refusals += 1
            await asyncio.sleep(float(answer[1]["retry-after"]))

    async def lesson(self, slug):
        """Asks for a lesson and comes back when told to until it is there; every answer in order, refusals left out."""
        answers = [await self.ask("POST", "/api/personalize", {"lesson_slug": slug})]
        while answers[-1][0] == 202:
            await asyncio.sleep(float(answers[-1][1]["retry-after"]))
            answers.append(await self.ask("GET", f"/api/personalize/{slug}"))
        return answers


def ask_at_once(ports, users, slugs):
    """Every user asks for a lesson at the same moment, spread over API processes; pairs of answers and refusals."""

    async def run():
        clients = [Client(ports[index % len(ports)], user) for index, user in enumerate(users)]
        await asyncio.gather(*(client.connect() for client in clients))
        try:
            async with asyncio.timeout(SECONDS):
                answers = await asyncio.gather(
                    *(client.lesson(slugs[index % len(slugs)]) for index, client in enumerate(clients)))
                return [(answer, client.refusals) for answer, client in zip(answers, clients)]
        finally:
            await asyncio.gather(*(client.close() for client in clients), return_exceptions=True)

    return asyncio.run(run())


def clone_learners(database, template, count):
    """As many learners as asked for who answered as one did; their ids."""
    return [str(user) for (user,) in database.query(
        """
        WITH made AS (
            INSERT INTO lectern.learner (id, onboarding_completed)
            SELECT gen_random_uuid(), true FROM generate_series(1, %s) RETURNING id)
        INSERT INTO lectern.preferences (user_id, education_level, programming_experience, robotics_background,
            ai_ml_experience, learning_goals, preferred_language, preferences_hash)
        SELECT made.id, p.education_level, p.programming_experience, p.robotics_background, p.ai_ml_experience,
            p.learning_goals, p.preferred_language, p.preferences_hash
        FROM made, lectern.preferences p WHERE p.user_id = %s RETURNING user_id
        """, count, template)]
