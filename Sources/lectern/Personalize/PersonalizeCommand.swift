import ArgumentParser

struct PersonalizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "personalize", abstract: "Try how lessons are written.",
        discussion: """
            EXAMPLES
              lectern personalize eval --book Deploy/sample-book
              lectern personalize eval --book DIR --providers providers.yaml --lessons 2 --slices 4
              lectern personalize show --book DIR --lesson ch01-lab --slice "language=ur programming=novice robotics=no ai=no"
            """,
        subcommands: [PersonalizeEvalCommand.self, PersonalizeShowCommand.self])
}
