#include "data/source_names.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace edgefuse::data {
namespace {

using Paths = std::vector<std::filesystem::path>;
using Names = std::vector<std::string>;

TEST(SourceNames, AreTheStemsOfFiles) {
  EXPECT_EQ(source_names(Paths{"data/north.json", "south.tar.gz"}), (Names{"north", "south.tar"}));
}

TEST(SourceNames, TellFilesOfOneStemApartByWhatDiffersFirst) {
  EXPECT_EQ(source_names(Paths{"d/a.json", "d/a.jsonl", "d/b.json"}), (Names{"a.json", "a.jsonl", "b"}));
  EXPECT_EQ(source_names(Paths{"x/a.txt", "y/a.txt", "z/b.txt"}), (Names{"x/a.txt", "y/a.txt", "b"}));
  EXPECT_EQ(source_names(Paths{"x/p/a.txt", "y/p/a.txt"}), (Names{"x/p/a.txt", "y/p/a.txt"}));
}

TEST(SourceNames, NeverMeetANameThatAnotherFileHasAlready) {
  const auto names = source_names(Paths{"d/a.json", "d/a.txt", "d/a.json.gz"});
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), 3U) << "the stem of a.json.gz is a.json";
}

TEST(SourceNames, DoNotDependOnHowAPathIsSpelled) {
  EXPECT_EQ(source_names(Paths{"./x/../x/a.txt", "y//a.txt"}), (Names{"x/a.txt", "y/a.txt"}));
}

}  // namespace
}  // namespace edgefuse::data
