import FoundationEssentials
import Logging
import MCP
import MCPServing

/// The object store's operations as MCP tools.
struct StorageTools: Sendable {
    let store: ObjectStore
    let pool: BlockingPool

    var definitions: [MCPToolDefinition] {
        [self.put, self.get, self.head, self.list, self.delete, self.buckets]
    }

    private func tool(
        _ name: String, title: String, _ description: String, input: JSONValue, required: [String], output: JSONValue,
        alwaysThere: [String], annotations: MCPToolDefinition.Annotations,
        _ body: @escaping @Sendable (ToolArguments, ObjectStore) throws -> JSONValue
    ) -> MCPToolDefinition {
        MCPToolDefinition(
            name: name, title: title, description: description,
            inputSchema: [
                "type": "object", "properties": input, "required": .array(required.map { .string($0) }),
                "additionalProperties": false,
            ],
            outputSchema: [
                "type": "object", "properties": output, "required": .array(alwaysThere.map { .string($0) }),
            ],
            annotations: annotations
        ) { arguments, context in
            do {
                let store = self.store
                return .structured(try await self.pool.run { try body(ToolArguments(arguments), store) })
            } catch let error as StorageError {
                if [.storageFull, .ioFailure, .corrupted].contains(error.code) {
                    context.logger.error("Storage tool failed", metadata: ["error": "\(error)"])
                }
                return .failure(error.code.rawValue, error.message)
            } catch let mismatch as ToolArguments.Mismatch {
                return .failure(StorageError.Code.invalidArgument.rawValue, mismatch.message)
            }
        }
    }

    private static let bucketSchema: JSONValue = ["type": "string", "description": "Name of the bucket."]
    private static let keySchema: JSONValue = [
        "type": "string", "description": "Key of the object: segments divided by '/', at most 1,024 bytes of UTF-8.",
    ]
    private static let sizeSchema: JSONValue = ["type": "integer", "description": "Bytes of content."]
    private static let sha256Schema: JSONValue = [
        "type": "string", "description": "SHA-256 of the content, 64 lowercase hexadecimal digits.",
    ]
    private static let modifiedSchema: JSONValue = [
        "type": "string", "description": "When the object last changed: UTC, ISO 8601.",
    ]
    private static let describedObject: JSONValue = [
        "key": ["type": "string"], "size": sizeSchema, "sha256": sha256Schema, "modified_at": modifiedSchema,
    ]

    private static func described(_ object: StoredObject) -> [String: JSONValue] {
        [
            "key": .string(object.key.description), "size": .integer(Int64(object.size)),
            "sha256": .string(object.sha256), "modified_at": .string(object.modifiedAt),
        ]
    }

    private static func place(_ arguments: ToolArguments) throws -> (BucketName, ObjectKey) {
        (try BucketName(arguments.string("bucket")), try ObjectKey(arguments.string("key")))
    }

    private var put: MCPToolDefinition {
        self.tool(
            "object_put", title: "Store an object",
            """
            Stores content under a key, replacing what was there. Answers when the object would survive a loss of power. \
            Give either content (text) or content_base64 (any bytes).
            """,
            input: [
                "bucket": Self.bucketSchema, "key": Self.keySchema,
                "content": ["type": "string", "description": "The content as text, stored as UTF-8."],
                "content_base64": ["type": "string", "description": "The content in base64 (RFC 4648 section 4)."],
                "content_type": ["type": "string", "description": "Media type; application/octet-stream by default."],
            ], required: ["bucket", "key"], output: Self.describedObject,
            alwaysThere: ["key", "size", "sha256", "modified_at"],
            annotations: .init(isDestructive: true, isIdempotent: true)
        ) { arguments, store in
            let (bucket, key) = try Self.place(arguments)
            let content: [UInt8]
            switch (try arguments.optionalString("content"), try arguments.optionalString("content_base64")) {
            case (let text?, nil): content = Array(text.utf8)
            case (nil, let base64?):
                guard let data = Data(base64Encoded: base64) else {
                    throw StorageError(.invalidArgument, "content_base64 is not base64.")
                }
                content = Array(data)
            case (nil, nil), (.some, .some):
                throw StorageError(.invalidArgument, "Give either content or content_base64.")
            }
            let type = try arguments.optionalString("content_type") ?? "application/octet-stream"
            return .object(Self.described(try store.put(key, in: bucket, content: content, contentType: type)))
        }
    }

    private var get: MCPToolDefinition {
        self.tool(
            "object_get", title: "Read an object",
            """
            Reads an object and checks it against its SHA-256. Content that is valid UTF-8 comes as text in content, any \
            other as base64 in content_base64; encoding tells which.
            """,
            input: ["bucket": Self.bucketSchema, "key": Self.keySchema], required: ["bucket", "key"],
            output: [
                "key": ["type": "string"], "size": Self.sizeSchema, "sha256": Self.sha256Schema,
                "modified_at": Self.modifiedSchema, "content_type": ["type": "string"],
                "encoding": ["type": "string", "enum": ["utf-8", "base64"]], "content": ["type": "string"],
                "content_base64": ["type": "string"],
            ], alwaysThere: ["key", "size", "sha256", "content_type", "encoding"],
            annotations: .init(isReadOnly: true, isIdempotent: true)
        ) { arguments, store in
            let (bucket, key) = try Self.place(arguments)
            guard let (object, content) = try store.get(key, in: bucket) else {
                throw StorageError(.notFound, "There is no object '\(key)' in bucket '\(bucket)'.")
            }
            var members = Self.described(object)
            members["content_type"] = .string(object.contentType)
            if let text = String(validating: content, as: UTF8.self) {
                members["encoding"] = "utf-8"
                members["content"] = .string(text)
            } else {
                members["encoding"] = "base64"
                members["content_base64"] = .string(Data(content).base64EncodedString())
            }
            return .object(members)
        }
    }

    private var head: MCPToolDefinition {
        self.tool(
            "object_head", title: "Look up an object", "Tells whether an object exists, and its size and checksum.",
            input: ["bucket": Self.bucketSchema, "key": Self.keySchema], required: ["bucket", "key"],
            output: [
                "found": ["type": "boolean"], "key": ["type": "string"], "size": Self.sizeSchema,
                "sha256": Self.sha256Schema, "modified_at": Self.modifiedSchema, "content_type": ["type": "string"],
            ], alwaysThere: ["found", "key"], annotations: .init(isReadOnly: true, isIdempotent: true)
        ) { arguments, store in
            let (bucket, key) = try Self.place(arguments)
            guard let object = try store.head(key, in: bucket) else {
                return ["found": false, "key": .string(key.description)]
            }
            var members = Self.described(object)
            members["found"] = true
            members["content_type"] = .string(object.contentType)
            return .object(members)
        }
    }

    private var list: MCPToolDefinition {
        self.tool(
            "object_list", title: "List objects",
            """
            Lists the objects whose keys begin with a prefix, in byte order of their keys. While next_page_token is there, \
            more may follow.
            """,
            input: [
                "bucket": Self.bucketSchema,
                "prefix": ["type": "string", "description": "Beginning of the keys; all keys by default."],
                "limit": ["type": "integer", "minimum": 1, "maximum": 1000, "description": "1000 by default."],
                "page_token": ["type": ["string", "null"], "description": "next_page_token of the page before."],
            ], required: ["bucket"],
            output: [
                "objects": [
                    "type": "array",
                    "items": [
                        "type": "object", "properties": Self.describedObject,
                        "required": ["key", "size", "sha256", "modified_at"],
                    ],
                ],
                "next_page_token": ["type": ["string", "null"]],
            ], alwaysThere: ["objects", "next_page_token"], annotations: .init(isReadOnly: true, isIdempotent: true)
        ) { arguments, store in
            let page = try store.list(
                BucketName(arguments.string("bucket")), prefix: arguments.optionalString("prefix") ?? "",
                limit: arguments["limit"] == nil ? 1000 : arguments.integer("limit"),
                pageToken: arguments.optionalString("page_token"))
            return [
                "objects": .array(page.objects.map { .object(Self.described($0)) }),
                "next_page_token": page.nextPageToken.map { .string($0) } ?? .null,
            ]
        }
    }

    private var delete: MCPToolDefinition {
        self.tool(
            "object_delete", title: "Delete an object", "Deletes an object; deleted tells whether there was one.",
            input: ["bucket": Self.bucketSchema, "key": Self.keySchema], required: ["bucket", "key"],
            output: ["deleted": ["type": "boolean"]], alwaysThere: ["deleted"],
            annotations: .init(isDestructive: true, isIdempotent: true)
        ) { arguments, store in
            let (bucket, key) = try Self.place(arguments)
            return ["deleted": .bool(try store.delete(key, in: bucket))]
        }
    }

    private var buckets: MCPToolDefinition {
        self.tool(
            "bucket_list", title: "List buckets", "Lists the buckets that anything was ever put into.", input: [:],
            required: [],
            output: [
                "buckets": [
                    "type": "array",
                    "items": ["type": "object", "properties": ["name": ["type": "string"]], "required": ["name"]],
                ]
            ], alwaysThere: ["buckets"], annotations: .init(isReadOnly: true, isIdempotent: true)
        ) { _, store in
            ["buckets": .array(try store.bucketNames().map { ["name": .string($0.text)] })]
        }
    }
}
