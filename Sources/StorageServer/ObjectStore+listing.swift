/// One page of a listing.
public struct ObjectPage: Hashable, Sendable {
    /// The objects in byte order of their keys.
    public let objects: [StoredObject]
    /// What to ask for next; `nil` on the last page.
    public let nextPageToken: String?
}

extension ObjectStore {
    /// The objects whose keys begin with `prefix`, in byte order, `limit` at most and from where `pageToken` left off.
    ///
    /// A page can be shorter than `limit` although more follow, where objects were deleted meanwhile. A bucket that
    /// nothing was put into is empty. Throws ``StorageError``: `invalidArgument`, `corrupted`, `ioFailure`.
    public func list(
        _ bucket: BucketName, prefix: String, limit: Int, pageToken: String?
    ) throws(StorageError) -> ObjectPage {
        let prefix = try ObjectKey.prefix(prefix)
        guard (1...1000).contains(limit) else {
            throw StorageError(.invalidArgument, "limit is a whole number from 1 to 1000.")
        }
        var after: [UInt8]?
        if let pageToken {
            after = try ListingToken(pageToken, bucket: bucket, prefix: prefix).lastKey
        }
        do {
            guard let folder = try self.folder(of: bucket) else { return ObjectPage(objects: [], nextPageToken: nil) }
            // One more than asked for tells whether there is a next page.
            var walk = KeyWalk(prefix: prefix, after: after, limit: limit + 1)
            try walk.visit(folder)
            let keys = walk.keys.prefix(limit)
            var objects: [StoredObject] = []
            for key in keys {
                if let object = try self.head(key, in: bucket) { objects.append(object) }
            }
            let token = walk.keys.count > limit ? keys.last.map(\.bytes) : nil
            return ObjectPage(
                objects: objects,
                nextPageToken: token.map { ListingToken(lastKey: $0).text(bucket: bucket, prefix: prefix) })
        } catch {
            throw Self.typed(error)
        }
    }
}
