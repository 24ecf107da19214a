#pragma once

#include <filesystem>
#include <optional>

namespace edgefuse::results {

/// A file that is whole at every moment. Its next state is made in a draft beside it, and `publish` exchanges the two
/// at once; the draft is then the state before, ready to be brought up to date. Where a file system cannot exchange
/// names, there is no such draft after publishing, and the next one begins as a copy.
class SafeFile {
 public:
  /// Takes hold of `file`: makes its folder and the draft. Throws InputError when it is a folder, cannot be written to
  /// or locked, or another process holds it.
  explicit SafeFile(std::filesystem::path file);
  /// Removes the draft.
  ~SafeFile();
  SafeFile(const SafeFile&) = delete;
  SafeFile& operator=(const SafeFile&) = delete;

  [[nodiscard]] const std::filesystem::path& file() const { return file_; }
  [[nodiscard]] const std::filesystem::path& draft() const { return draft_; }

  /// What the draft holds.
  enum class Draft : unsigned char { empty, current, one_behind };
  /// Makes sure that there is a draft to write on, and says what is in it.
  [[nodiscard]] Draft prepare();
  /// Puts the draft, written and closed, under the file's name; what an earlier run left there is kept
  /// under another name (results/earlier_result.hpp). Waits until the disk has it. Throws RunError.
  void publish();
  /// The name under which publish() kept what an earlier run had left.
  [[nodiscard]] const std::optional<std::filesystem::path>& kept() const { return kept_; }

 private:
  void lock();

  std::filesystem::path file_;
  std::filesystem::path draft_;
  std::filesystem::path lock_file_;
  std::optional<std::filesystem::path> kept_;
  int lock_ = -1;
  bool published_ = false;
  bool exchanged_ = false;
};

}  // namespace edgefuse::results
