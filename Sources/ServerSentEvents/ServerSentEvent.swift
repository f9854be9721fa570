/// One event of a `text/event-stream` (WHATWG HTML, section 9.2).
public struct ServerSentEvent: Hashable, Sendable {
    /// The `id` field of this very event; `nil` where it had none, which leaves the stream's last id as it was.
    public var id: String?
    /// The event's type; `message` where the stream names none.
    public var event: String
    /// The payload; its lines are separated by LF.
    public var data: String
    /// How long the sender wants clients to wait before they reconnect.
    public var retry: Duration?

    public init(id: String? = nil, event: String = "message", data: String, retry: Duration? = nil) {
        self.id = id
        self.event = event
        self.data = data
        self.retry = retry
    }
}

extension ServerSentEvent {
    /// The event as it goes over the wire, with the blank line that ends it.
    ///
    /// Line ends inside `data` (CR, LF, CRLF) become separate `data` lines. The format cannot carry line ends in `id`
    /// and `event`, nor NUL in `id`: they are left out, so that no value can smuggle in another field.
    public var encoded: String {
        var text = ""
        if let id { text += "id: \(Self.singleLine(id))\n" }
        let event = Self.singleLine(self.event)
        if !event.isEmpty, event != "message" { text += "event: \(event)\n" }
        if let retry {
            let (seconds, attoseconds) = retry.components
            text += "retry: \(max(0, seconds * 1000 + attoseconds / 1_000_000_000_000_000))\n"
        }
        text += "data: "
        var afterCarriageReturn = false
        // Swift takes CRLF for one Character, so lines are found among the scalars.
        for scalar in self.data.unicodeScalars {
            switch scalar {
            case "\r":
                text += "\ndata: "
            case "\n":
                if !afterCarriageReturn { text += "\ndata: " }
            default:
                text.unicodeScalars.append(scalar)
            }
            afterCarriageReturn = scalar == "\r"
        }
        return text + "\n\n"
    }

    /// A comment line, which every receiver ignores: keeps proxies from closing a silent stream.
    public static func comment(_ text: String = "") -> String {
        ": \(self.singleLine(text))\n\n"
    }

    private static func singleLine(_ text: String) -> String {
        var line = String.UnicodeScalarView()
        line.append(contentsOf: text.unicodeScalars.filter { $0 != "\r" && $0 != "\n" && $0 != "\0" })
        return String(line)
    }
}
