/// Cuts texts into requests that a provider accepts.
enum EmbeddingBatches {
    /// Consecutive ranges that cover `texts`; a text larger than `maximumBytes` stands alone.
    static func split(_ texts: [String], maximumCount: Int, maximumBytes: Int) -> [Range<Int>] {
        var batches: [Range<Int>] = []
        var start = 0
        var bytes = 0
        for (index, text) in texts.enumerated() {
            let size = text.utf8.count
            if index > start, index - start == maximumCount || bytes + size > maximumBytes {
                batches.append(start..<index)
                start = index
                bytes = 0
            }
            bytes += size
        }
        if start < texts.count { batches.append(start..<texts.count) }
        return batches
    }
}
