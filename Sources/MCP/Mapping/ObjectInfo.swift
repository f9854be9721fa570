/// What a storage server tells of one object.
public struct ObjectInfo: Hashable, Sendable {
    /// The object's name within its bucket.
    public var key: String
    /// Bytes.
    public var size: Int
    /// The SHA-256 of the content in hexadecimal, where the server knows it.
    public var sha256: String?
    /// When the object was written, RFC 3339, where the server tells.
    public var modifiedAt: String?

    /// An object by its parts.
    public init(key: String, size: Int, sha256: String? = nil, modifiedAt: String? = nil) {
        self.key = key
        self.size = size
        self.sha256 = sha256
        self.modifiedAt = modifiedAt
    }
}

/// One page of a listing.
public struct ObjectPage: Hashable, Sendable {
    /// The objects of this page.
    public var objects: [ObjectInfo]
    /// What to ask the next page with; `nil` on the last.
    public var nextPageToken: String?

    /// A page by its parts.
    public init(objects: [ObjectInfo], nextPageToken: String? = nil) {
        self.objects = objects
        self.nextPageToken = nextPageToken
    }
}
