import Testing

@testable import MCP

@Suite struct ProtocolValueTests {
    @Test(arguments: [
        ("/messages/?session_id=1", "http://localhost:8001/messages/?session_id=1"),
        ("messages?x=1", "http://localhost:8001/a/messages?x=1"), ("?x=1", "http://localhost:8001/a/sse?x=1"),
        ("http://localhost:8001/m", "http://localhost:8001/m"), ("HTTP://LOCALHOST:8001/m", "HTTP://LOCALHOST:8001/m"),
        ("//localhost:8001/m", "http://localhost:8001/m"), ("/m#part", "http://localhost:8001/m"),
        ("/m?next=http://x", "http://localhost:8001/m?next=http://x"),
    ])
    func anEndpointOfTheSameOriginIsResolved(reference: String, expected: String) {
        #expect(EndpointAddress.resolve(reference, against: "http://localhost:8001/a/sse?token=1") == expected)
    }

    @Test(arguments: [
        "http://localhost:8002/m", "https://localhost:8001/m", "http://localhost/m", "http://evil/m", "//evil/m",
        "http://localhost:8001@evil/m", "http://user@localhost:8001/m", "javascript:alert(1)", "file:///etc/passwd",
        "/\\evil/m", "\\\\evil", "http:\\\\evil", "http://localhost:8001\\@evil", "", " /m", "/m\r\nX: y", "/mé",
        "http:evil", "http:///m", "ftp://localhost:8001/m", "localhost:8001/m", "http://localhost:80010/m",
        "http://localhost:8001.evil.example/m",
    ])
    func anyOtherEndpointIsRefused(reference: String) {
        #expect(EndpointAddress.resolve(reference, against: "http://localhost:8001/a/sse") == nil)
    }

    @Test func defaultPortsCountAsGiven() {
        #expect(EndpointAddress.resolve("http://h:80/m", against: "http://h/sse") == "http://h:80/m")
        #expect(EndpointAddress.resolve("https://h/m", against: "https://h:443/sse") == "https://h/m")
        #expect(EndpointAddress.resolve("http://h:443/m", against: "https://h/sse") == nil)
        #expect(EndpointAddress.resolve("http://[::1]:80/m", against: "http://[::1]/sse") == "http://[::1]:80/m")
    }

    @Test(arguments: [
        ("us-west1", "us-west1"), ("Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="),
        (" padded ", "=?base64?IHBhZGRlZCA=?="), ("line1\nline2", "=?base64?bGluZTEKbGluZTI=?="),
        ("=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="),
    ])
    func headerValuesAreEncodedAsTheSpecificationShows(text: String, encoded: String) {
        #expect(MCPHeaderValue.encode(text) == encoded)
        #expect(MCPHeaderValue.decode(encoded) == text)
    }

    @Test func brokenBase64InAHeaderIsNoValue() {
        #expect(MCPHeaderValue.decode("=?base64?!!!?=") == nil)
    }

    @Test(
        arguments: [
            ["type": "object", "properties": ["a": ["type": "number", "x-mcp-header": "A"]]],
            ["type": "object", "properties": ["a": ["type": "string", "x-mcp-header": ""]]],
            ["type": "object", "properties": ["a": ["type": "string", "x-mcp-header": "A B"]]],
            ["type": "object", "properties": ["a": ["type": "string", "x-mcp-header": "A\r\nB"]]],
            [
                "type": "object",
                "properties": [
                    "a": ["type": "string", "x-mcp-header": "X"], "b": ["type": "string", "x-mcp-header": "x"],
                ],
            ],
            [
                "type": "object",
                "properties": ["a": ["type": "array", "items": ["type": "string", "x-mcp-header": "A"]]],
            ],
            ["type": "object", "anyOf": [["properties": ["a": ["type": "string", "x-mcp-header": "A"]]]]],
            ["type": "object", "x-mcp-header": "Root"],
        ] as [JSONValue])
    func malformedHeaderMarksMakeAToolUnusable(schema: JSONValue) {
        guard case .invalid = ToolHeaders(of: schema) else {
            Issue.record("\(schema) was accepted")
            return
        }
    }

    @Test func nestedArgumentsCanBeHeadersAndNullsAreNone() {
        let schema: JSONValue = [
            "type": "object",
            "properties": [
                "p": ["type": "object", "properties": ["q": ["type": "boolean", "x-mcp-header": "Q"]]],
                "x-mcp-header": ["type": "string"],
            ],
        ]
        guard case .valid(let parameters) = ToolHeaders(of: schema) else {
            Issue.record("refused")
            return
        }
        #expect(parameters.map(\.headerName) == ["Mcp-Param-Q"])
        #expect(parameters[0].text(in: ["p": ["q": true]]) == "true")
        #expect(parameters[0].text(in: ["p": ["q": nil]]) == nil)
        #expect(parameters[0].text(in: [:]) == nil)
    }

    @Test(
        arguments: [
            (["type": "string"], 1, "must be of type string, not integer"),
            (["type": ["string", "null"]], nil, nil), (["type": "integer"], 3.0, nil),
            (["type": "integer"], 3.5, "must be of type integer, not number"),
            (["enum": ["a", "b"]], "c", "must be one of \"a\", \"b\""), (["enum": [1]], 1.0, nil),
            (["minimum": 1, "maximum": 5], 6, "must be at most 5"), (["exclusiveMinimum": 0], 0, "must be more than 0"),
            (["maxLength": 2], "äöü", "must have at most 2 characters"), (["maxLength": 3], "äöü", nil),
            (["minLength": 1], "", "must have at least 1 characters"),
            (["required": ["a"]], [:], "/a is missing"),
            (["additionalProperties": false, "properties": ["a": [:]]], ["b": 1], "/b is not a known member"),
            (
                ["properties": ["a": ["items": ["type": "number"]]]], ["a": [1, "x"]],
                "/a/1 must be of type number, not string"
            ),
            (["items": ["type": "object", "required": ["id"]]], [["id": 1], [:]], "/1/id is missing"),
            (["maxItems": 1], [1, 2], "must have at most 1 elements"),
            (
                ["additionalProperties": ["type": "string"]], ["a": 1],
                "/a must be of type string, not integer"
            ), (true, 1, nil), (false, 1, "is not allowed"),
        ] as [(JSONValue, JSONValue, String?)])
    func schemasAreHeldAgainstValues(schema: JSONValue, value: JSONValue, violation: String?) {
        #expect(JSONSchema.firstViolation(of: schema, by: value)?.description == violation)
    }

    @Test(arguments: [
        ("*", "anything", true), ("Error:*", "error: x", true), ("Error:*", "no error: x", false),
        ("*not found*", "Collection 'a' Not Found!", true), ("a*b*c", "aXbYbZc", true), ("a*b*c", "aXbYbZ", false),
        ("", "", true), ("", "a", false), ("exact", "exactly", false), ("**", "", true),
    ])
    func starsStandForAnything(pattern: String, text: String, matches: Bool) {
        #expect(TextPattern(pattern).matches(text) == matches)
    }

    @Test(arguments: [
        "[]", "1", "{}", #"{"jsonrpc":"1.0","id":1,"method":"x"}"#, #"{"jsonrpc":"2.0","id":null,"method":"x"}"#,
        #"{"jsonrpc":"2.0","id":1.5,"method":"x"}"#, #"{"jsonrpc":"2.0","id":1,"method":5}"#,
        #"{"jsonrpc":"2.0","id":1,"method":"x","params":"text"}"#, #"{"jsonrpc":"2.0","id":1}"#,
        #"{"jsonrpc":"2.0","result":{}}"#,
    ])
    func whatIsNoMessageIsRefused(text: String) throws {
        let value = try JSONValue(parsing: text)
        #expect(throws: JSONRPCError.self) { try JSONRPCMessage(value) }
    }

    @Test func backoffDoublesUpToItsLimit() {
        let backoff = ReconnectBackoff()
        let waits = (1...8).map { backoff.delay(afterFailures: $0, jitter: 1) }
        #expect(
            waits == [
                .milliseconds(250), .milliseconds(500), .seconds(1), .seconds(2), .seconds(4), .seconds(8),
                .seconds(15), .seconds(15),
            ])
        #expect(backoff.delay(afterFailures: 1, jitter: 0) == .milliseconds(125))
        #expect(backoff.delay(afterFailures: .max, jitter: 7) == .seconds(15))
    }

    @Test func errorsAndConfigurationsShowNoToken() {
        let configuration = MCPClientConfiguration(name: "storage", url: "http://u:pw@h/sse", bearerToken: "s3cret")
        var dumped = ""
        dump(configuration, to: &dumped)
        #expect(!"\(configuration) \(dumped)".contains("s3cret"))
        #expect(MCPError(code: .unknownOutcome, message: "m").description == "unknown_outcome: m")
    }
}
