"""The API's description as the tests read it."""

import json
import urllib.parse

from jsonschema.validators import validator_for

METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")


class Description:
    """`/openapi.json` with its references followed."""

    def __init__(self, document):
        self.document = document
        self.common = {name.lower() for name in document["x-common-headers"]}
        self.required = {name.lower() for name, header in document["x-common-headers"].items()
                         if header.get("required")}

    @staticmethod
    def printed_by(stack):
        return Description(json.loads(stack.command("openapi", "--output", "json").stdout))

    def resolved(self, value):
        while "$ref" in value and value["$ref"].startswith("#/"):
            target = self.document
            for step in value["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            value = target
        return value

    def operations(self):
        """Every `(method, path, operation)`; the operation knows the parameters of its path."""
        for path, item in self.document["paths"].items():
            for method in METHODS:
                if method in item:
                    parameters = [self.resolved(one) for one in
                                  item.get("parameters", []) + item[method].get("parameters", [])]
                    yield method.upper(), path, item[method] | {"parameters": parameters}

    def operation(self, method, path):
        return next(one for verb, template, one in self.operations() if (verb, template) == (method, path))

    def validator(self, schema):
        """A validator of a schema that may refer to the document's components."""
        whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema,
                 "components": self.document["components"]}
        kind = validator_for(whole)
        return kind(whole, format_checker=kind.FORMAT_CHECKER)

    def check(self, method, template, answer):
        """Holds an answer against what is said of it: status, headers, content type and body."""
        responses = self.operation(method, template)["responses"]
        status = str(answer.status_code)
        assert status in responses, (method, template, status, answer.text[:300])
        response = self.resolved(responses[status])
        self.check_headers(response, answer)
        content = response.get("content")
        if not content:
            assert answer.text == "", (method, template, status, answer.text[:300])
            return
        kind = answer.headers["content-type"].split(";")[0]
        assert kind in content, (method, template, status, kind)
        if kind.endswith("json"):
            errors = list(self.validator(content[kind]["schema"]).iter_errors(answer.json()))
            assert not errors, (method, template, status, [(list(e.absolute_path), e.message[:200]) for e in errors])

    def check_headers(self, response, answer):
        described = {name.lower(): self.resolved(header) for name, header in response.get("headers", {}).items()}
        present = {name.lower() for name in answer.headers} - {"content-type"}
        assert present <= self.common | described.keys(), present - self.common - described.keys()
        required = self.required | {name for name, header in described.items() if header.get("required")}
        assert required <= present, required - present
        for name in described.keys() & present:
            value = answer.headers[name]
            schema = described[name]["schema"]
            if schema.get("type") == "integer":
                value = int(value)
            self.validator(schema).validate(value)


def address(template, values):
    """A path with its parameters filled in, each as one segment."""
    for name, value in values.items():
        template = template.replace("{%s}" % name, urllib.parse.quote(str(value), safe=""))
    assert "{" not in template, template
    return template


def examples(document, path=()):
    """Every `(where, schema, example)` of a document."""
    if isinstance(document, dict):
        if "schema" in document and "example" in document:
            yield path, document["schema"], document["example"]
        schemas = document.get("examples")
        if isinstance(schemas, list):
            for one in schemas:
                yield path, {key: value for key, value in document.items() if key != "examples"}, one
        for name, value in document.items():
            if name not in ("example", "examples"):
                yield from examples(value, (*path, name))
    elif isinstance(document, list):
        for index, value in enumerate(document):
            yield from examples(value, (*path, index))
