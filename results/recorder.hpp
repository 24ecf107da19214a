#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "results/records.hpp"

namespace edgefuse::results {

/// Writes a run's result file (docs/formats/results.md). The file under its own name is whole at every moment: each
/// commit makes the next state in a second file beside it and changes the names at once, so a run killed anywhere
/// leaves a readable file with everything up to its last commit. What a file of that name held before stays in place
/// until the first commit, which keeps it under another name (results/earlier_result.hpp).
///
///     Recorder recorder{"results/runs/a.h5", header};
///     recorder.add(clients);
///     for each round { recorder.add(plans); recorder.add(evaluation); recorder.add(round); recorder.commit(); }
///     recorder.finish(provenance);
///
/// Throws RunError when the disk fails under it; the file then holds everything up to the commit before.
class Recorder {
 public:
  /// Makes the folder where it is missing. Throws InputError when no file can be written there.
  Recorder(std::filesystem::path file, RunHeader header);
  /// Without finish(), what was not committed is lost.
  ~Recorder();
  Recorder(Recorder&&) noexcept;
  Recorder& operator=(Recorder&&) noexcept;

  void add(std::span<const ClientRow> rows);
  void add(std::span<const PlanRow> rows);
  void add(std::span<const EvaluationRow> rows);
  void add(std::span<const FusionRow> rows);
  void add(std::span<const ConflictRow> rows);
  void add(std::span<const ConflictPairRow> rows);
  void add(std::span<const EventRow> rows);
  void add(const RoundRow& row);

  /// Makes everything added so far part of the file. At least one round was added: the first commit takes the place of
  /// an earlier result, and less is not worth that. Costs two writes of the rows added since the last commit and one
  /// fsync, whatever the file's size.
  void commit();
  /// Commits, marks the result complete and stores its provenance; nothing can be added afterwards.
  void finish(const Provenance& provenance);

  /// The result's digest, 64 hexadecimal digits, over everything added so far.
  [[nodiscard]] std::string digest() const;
  [[nodiscard]] const std::filesystem::path& file() const;
  /// How many rounds the file holds: those that were committed.
  [[nodiscard]] std::int64_t rounds_on_file() const;
  /// Where the first commit kept what an earlier run had left in the file's place; nothing when it was free.
  [[nodiscard]] const std::optional<std::filesystem::path>& kept() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace edgefuse::results
