import CurlHTTP
import IPAddresses

/// A receiver of webhooks that the operator entered. Callers know its name only.
public struct WebhookEndpoint: Hashable, Sendable {
    public var name: String
    public var url: String
    /// The present secret, and the one before it while receivers still know that one.
    public var secrets: [WebhookSecret]

    /// Why an address cannot be a receiver's; `nil` when it can.
    static func fault(of url: String, allowsHTTP: Bool) -> String? {
        guard let address = try? HTTPURL(url) else { return "url is no absolute address with http or https" }
        let authority = url.drop { $0 != ":" }.dropFirst(3).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.contains("@") else { return "url holds a user name or a password" }
        if IPAddress(address.host)?.isLinkLocalOrMetadata == true {
            return "url leads to an address that no receiver can have"
        }
        guard address.scheme == "https" || address.isLoopback || allowsHTTP else {
            return "url begins with http; use https, or say allow_http: true where the network is your own"
        }
        return nil
    }

    /// Whether a name can be an endpoint's: 1 to 64 lower-case letters, digits, `-` and `_`.
    public static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
                    UInt8(ascii: "_"):
                    true
                default: false
                }
            }
    }
}
