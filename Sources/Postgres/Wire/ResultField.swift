/// The field codes of error and notice messages (PostgreSQL manual, section 55.8).
enum ResultField {
    static let severity = Int32(UInt8(ascii: "S"))
    static let sqlState = Int32(UInt8(ascii: "C"))
    static let message = Int32(UInt8(ascii: "M"))
    static let detail = Int32(UInt8(ascii: "D"))
    static let hint = Int32(UInt8(ascii: "H"))
    static let constraint = Int32(UInt8(ascii: "n"))
    static let sourceFunction = Int32(UInt8(ascii: "R"))
}
