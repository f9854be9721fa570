import ContentHashing

/// The identity of a chunk's vector.
///
/// It follows from the lesson, its labels and the embedded text, so a job that runs again writes the same vectors, and
/// a chunk that an edit left alone keeps its own. Other labels, another vector: the metadata that readers of a release
/// filter by never changes under them. A text that stands several times in a lesson is told apart by a count.
enum VectorID {
    /// A UUID of version 8 (RFC 9562, section 5.8) over an XXH3-128.
    static func make(
        collection: String, lessonID: String, labels: [String] = [], embedHash: String, occurrence: Int
    ) -> String {
        let names = labels.map { "\($0.utf8.count):\($0)" }.joined()
        var bytes = ContentHash(of: "\(collection)\n\(lessonID)\n\(names)\n\(embedHash)\n\(occurrence)").bytes
        bytes[6] = bytes[6] & 0x0F | 0x80
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = Array("0123456789abcdef")
        var text = ""
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append("-") }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return text
    }
}
