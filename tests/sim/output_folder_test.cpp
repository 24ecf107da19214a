#include "sim/output_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "sim/error.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse {
namespace {

namespace fs = std::filesystem;
using Contents = std::map<std::string, std::string>;

void write(const fs::path& file, const std::string& text) {
  std::ofstream{file} << text;
}

/// Every file below `folder` by its relative name.
Contents contents_of(const fs::path& folder) {
  Contents contents;
  for (const auto& entry : fs::recursive_directory_iterator{folder}) {
    if (!entry.is_regular_file()) continue;
    std::ifstream stream{entry.path()};
    contents[entry.path().lexically_relative(folder).string()] = {std::istreambuf_iterator<char>{stream}, {}};
  }
  return contents;
}

/// A folder with an older pair of files and one that is nobody's business.
fs::path old_folder() {
  auto folder = testing::scratch_folder();
  write(folder / "config", "old");
  write(folder / "weights", "old");
  write(folder / "README", "mine");
  return folder;
}

TEST(OutputFolder, ReplacesItsFilesTogetherAndLeavesOthersAlone) {
  const auto folder = old_folder();
  OutputFolder files{folder};
  write(files.partial() / "config", "new");
  write(files.partial() / "weights", "new");
  EXPECT_EQ(contents_of(folder).at("weights"), "old");
  files.commit("config");
  EXPECT_EQ(contents_of(folder), (Contents{{"README", "mine"}, {"config", "new"}, {"weights", "new"}}));
}

TEST(OutputFolder, LeavesWhatWasThereWhenItIsNotCommitted) {
  const auto folder = old_folder();
  const auto before = contents_of(folder);
  {
    const OutputFolder files{folder};
    write(files.partial() / "config", "new");
  }
  EXPECT_EQ(contents_of(folder), before);
  EXPECT_FALSE(fs::exists(folder / ".part"));
}

TEST(OutputFolder, IsMadeWithItsParents) {
  const auto folder = testing::scratch_folder() / "not" / "yet";
  {
    OutputFolder files{folder};
    write(files.partial() / "config", "new");
    files.commit("config");
  }
  EXPECT_EQ(contents_of(folder), (Contents{{"config", "new"}}));
  EXPECT_FALSE(fs::exists(folder / ".part"));
}

TEST(OutputFolder, ThatIsNotCommittedLeavesNoFolderBehind) {
  const auto folder = testing::scratch_folder() / "new";
  { const OutputFolder files{folder}; }
  EXPECT_FALSE(std::filesystem::exists(folder));
}

TEST(OutputFolder, StartsAfreshWhereAnEndedProgramLeftItsFiles) {
  const auto folder = old_folder();
  fs::create_directory(folder / ".part");
  write(folder / ".part" / "weights", "from an ended program");
  OutputFolder files{folder};
  write(files.partial() / "config", "new");
  files.commit("config");
  EXPECT_EQ(contents_of(folder), (Contents{{"README", "mine"}, {"config", "new"}, {"weights", "old"}}));
}

TEST(OutputFolder, NeverShowsNewFilesUnderTheOldKey) {
  // Nothing can be moved to where a folder with something in it stands: the move ends half way.
  const auto folder = old_folder();
  fs::create_directories(folder / "table" / "taken");
  std::string message;
  {
    OutputFolder files{folder};
    for (const char* name : {"config", "table", "weights"})
      write(files.partial() / name, "new");
    try {
      files.commit("config");
    } catch (const RunError& error) {
      message = error.what();
    }
  }
  EXPECT_NE(message.find(".part"), std::string::npos) << message;
  EXPECT_FALSE(fs::exists(folder / "config")) << "beside the old one nobody could tell new files from old ones";
  EXPECT_EQ(contents_of(folder / ".part").at("config"), "new") << "what was not moved is kept";
}

TEST(OutputFolder, RefusesAPlaceThatIsAFile) {
  const auto folder = old_folder();
  EXPECT_THROW(OutputFolder{folder / "README"}, InputError);
  EXPECT_EQ(contents_of(folder).at("README"), "mine");
}

}  // namespace
}  // namespace edgefuse
