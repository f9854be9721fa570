/// What kind of text a code block holds, and where its remarks begin.
struct CodeLanguage: Hashable {
    enum Kind: Hashable {
        case program, shell, data, output
    }

    /// The name as readers know it.
    let name: String
    let kind: Kind
    /// What begins a remark that ends with the line; empty when there is none.
    let remark: String

    /// The language of a fence's first info word; unknown words are read as output.
    init(info: some StringProtocol) {
        let word = info.lowercased()
        let (name, kind, remark) = Self.known[word] ?? ("", .output, "")
        self.name = name
        self.kind = kind
        self.remark = remark
    }

    private static let known: [String: (String, Kind, String)] = [
        "python": ("Python", .program, "#"), "py": ("Python", .program, "#"), "python3": ("Python", .program, "#"),
        "c": ("C", .program, "//"), "cpp": ("C++", .program, "//"), "c++": ("C++", .program, "//"),
        "csharp": ("C#", .program, "//"), "cs": ("C#", .program, "//"), "java": ("Java", .program, "//"),
        "javascript": ("JavaScript", .program, "//"), "js": ("JavaScript", .program, "//"),
        "typescript": ("TypeScript", .program, "//"), "ts": ("TypeScript", .program, "//"),
        "swift": ("Swift", .program, "//"), "rust": ("Rust", .program, "//"), "go": ("Go", .program, "//"),
        "kotlin": ("Kotlin", .program, "//"), "lua": ("Lua", .program, "--"), "matlab": ("MATLAB", .program, "%"),
        "sql": ("SQL", .program, "--"), "bash": ("Bash", .shell, "#"), "sh": ("Shell", .shell, "#"),
        "shell": ("Shell", .shell, "#"), "console": ("Shell", .shell, "#"), "zsh": ("Shell", .shell, "#"),
        "yaml": ("YAML", .data, "#"), "yml": ("YAML", .data, "#"), "json": ("JSON", .data, ""),
        "toml": ("TOML", .data, "#"), "ini": ("INI", .data, ";"), "xml": ("XML", .data, ""),
        "urdf": ("URDF", .data, ""),
        "xacro": ("Xacro", .data, ""), "sdf": ("SDF", .data, ""),
    ]
}
