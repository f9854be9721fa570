import Foundation
import JobQueue
import PipelineJobs

/// A job's arguments as somebody may see them.
public enum RedactedArguments {
    /// What stands in the place of a value that is not shown.
    public static let mask = "***"

    /// The arguments as JSON text with sorted names. Values that point at a person are shown to nobody, those for
    /// operators only to who may steer; of a kind or a name that no definition knows, nothing is shown.
    ///
    /// - Parameter arguments: JSON text of an object.
    public static func text(_ arguments: String, ofKind kind: String, for role: OperatorRole) -> String {
        let classes = PipelineKinds.all.first { $0.definition.kind == kind }?.dataClasses ?? [:]
        guard let object = try? JSONSerialization.jsonObject(with: Data(arguments.utf8)) as? [String: Any] else {
            return "\"\(Self.mask)\""
        }
        let shown = object.map { name, value -> (String, Any) in
            switch classes[name] ?? .personal {
            case .open: (name, value)
            case .restricted: (name, role.may(.steer) ? value : Self.mask)
            case .personal: (name, Self.mask)
            }
        }
        let data = try? JSONSerialization.data(
            withJSONObject: Dictionary(uniqueKeysWithValues: shown), options: [.sortedKeys, .withoutEscapingSlashes])
        return data.map { String(decoding: $0, as: UTF8.self) } ?? "\"\(Self.mask)\""
    }
}
