/// How long a text takes to read.
public enum ReadingTime {
    /// Words read in a minute; below the 240 or so of easy prose, since textbooks are read to learn.
    public static let wordsPerMinute = 180

    /// Whole minutes, at least 1.
    public static func minutes(words: Int) -> Int {
        max(1, (words + self.wordsPerMinute - 1) / self.wordsPerMinute)
    }

    /// The words of a Markdown text from `offset` on: runs of bytes between white space that hold a letter or digit.
    public static func words(_ bytes: [UInt8], from offset: Int = 0) -> Int {
        var words = 0
        var isWord = false
        for place in min(offset, bytes.count)..<bytes.count {
            let byte = bytes[place]
            if byte <= 0x20 {
                if isWord { words += 1 }
                isWord = false
            } else if byte.isLetter || byte.isDigit || byte >= 0x80 {
                isWord = true
            }
        }
        return isWord ? words + 1 : words
    }
}
