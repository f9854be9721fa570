/// The texts used last, up to a number of bytes. Performs nothing and knows no time: use decides.
package struct BodyCache<Text: Sendable>: Sendable {
    private struct Entry: Sendable {
        var text: Text
        var bytes: Int
        /// When it was last used, by a counter.
        var tick: UInt64
    }

    let capacity: Int
    private(set) var bytes = 0
    private var entries: [String: Entry] = [:]
    /// Keys by the tick of their last use. A tick that an entry no longer carries is passed over.
    private var uses: [(tick: UInt64, key: String)] = []
    private var tick: UInt64 = 0

    package init(capacity: Int) {
        self.capacity = max(0, capacity)
    }

    var count: Int { self.entries.count }

    package mutating func text(for key: String) -> Text? {
        guard let entry = self.entries[key] else { return nil }
        self.touch(key)
        return entry.text
    }

    /// Keeps the text, at the cost of those used longest ago. One that exceeds the whole capacity is not kept.
    /// - Parameter length: the text's bytes.
    package mutating func insert(_ text: Text, bytes length: Int, for key: String) {
        self.remove(key)
        // The key and the book-keeping weigh too, or a million empty texts would be free.
        let bytes = length + key.utf8.count + 128
        guard bytes <= self.capacity else { return }
        self.entries[key] = Entry(text: text, bytes: bytes, tick: 0)
        self.bytes += bytes
        self.touch(key)
        self.evict()
    }

    private mutating func remove(_ key: String) {
        guard let entry = self.entries.removeValue(forKey: key) else { return }
        self.bytes -= entry.bytes
    }

    private mutating func touch(_ key: String) {
        self.tick += 1
        self.entries[key]?.tick = self.tick
        self.uses.append((self.tick, key))
        // Reading alone must not let the list grow without end.
        if self.uses.count > 64 + 8 * self.entries.count {
            self.uses.removeAll { self.entries[$0.key]?.tick != $0.tick }
        }
    }

    private mutating func evict() {
        guard self.bytes > self.capacity else { return }
        var passed = 0
        while self.bytes > self.capacity, passed < self.uses.count {
            let (tick, key) = self.uses[passed]
            if self.entries[key]?.tick == tick { self.remove(key) }
            passed += 1
        }
        self.uses.removeFirst(passed)
    }
}

extension BodyCache<String> {
    /// Keeps the text, at the cost of those used longest ago. One that exceeds the whole capacity is not kept.
    package mutating func insert(_ text: String, for key: String) {
        self.insert(text, bytes: text.utf8.count, for: key)
    }
}
