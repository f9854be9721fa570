import ArgumentParser

struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion", abstract: "Print what a shell needs to complete this command.",
        discussion: """
            EXAMPLES
              lectern completion bash > /etc/bash_completion.d/lectern
              lectern completion zsh > "${fpath[1]}/_lectern"
              lectern completion fish > ~/.config/fish/completions/lectern.fish
            """)
    @Argument(help: "The shell: bash, zsh, fish.") var shell: Shell

    enum Shell: String, ExpressibleByArgument, CaseIterable {
        case bash, zsh, fish
    }

    func run() throws {
        let shell: CompletionShell =
            switch self.shell {
            case .bash: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        Terminal.put(Lectern.completionScript(for: shell))
    }
}
