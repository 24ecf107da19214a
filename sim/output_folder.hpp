#pragma once

#include <filesystem>
#include <string_view>

namespace edgefuse {

/// Files of one folder that belong together and change together, such as a config and the weights it describes: they
/// are written into `FOLDER/.part` and moved into place by `commit()`. What was there before stays as it is until then;
/// without a commit the new files are removed, and so is the folder that was made for them. Other files in the folder are
/// not touched.
class OutputFolder {
 public:
  /// Creates `folder` and its parents where they are missing, and an empty `FOLDER/.part`. Throws InputError when the
  /// place cannot be written.
  explicit OutputFolder(std::filesystem::path folder);
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  /// Where to write the files.
  [[nodiscard]] const std::filesystem::path& partial() const { return partial_; }

  /// Moves the files into place. `key` names the one without which nobody reads the others: the old one goes first and
  /// the new one comes last, so whatever ends the program in between, nobody finds new files beside old ones. Throws
  /// RunError when a file cannot be moved; `FOLDER/.part` then still holds what was not moved.
  void commit(std::string_view key);

 private:
  std::filesystem::path folder_;
  std::filesystem::path partial_;
  bool made_ = false;  // the folder was not there
  bool keep_partial_ = false;
};

}  // namespace edgefuse
