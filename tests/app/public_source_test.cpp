#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "tests/app/tiny_world.hpp"

// What the server looks at is text that anybody may read: a file among what clients hold is refused, under any name.

namespace edgefuse::app {
namespace {

namespace fs = std::filesystem;

using testing::complaint;
using testing::recorded;
using testing::TinyWorld;

std::vector<std::string> calibrated_on(const fs::path& file) {
  return {"pruning.method=wanda-sp", "public.paths=[\"" + file.string() + "\"]", "public.texts=4", "public.tokens=24"};
}

void expect_private(const TinyWorld& world, const fs::path& file) {
  const auto said = complaint(world, calibrated_on(file));
  EXPECT_NE(said.find("public.paths"), std::string::npos) << file << ": " << said;
  EXPECT_NE(said.find("is what clients hold: private"), std::string::npos) << file << ": " << said;
}

TEST(PublicSource, IsNoFileThatClientsHoldUnderAnyName) {
  const TinyWorld world;
  const auto held = world.folder / "north.json";
  expect_private(world, held);
  expect_private(world, world.folder / "." / ".." / world.folder.filename() / "north.json");
  fs::create_hard_link(held, world.folder / "hard.txt");
  expect_private(world, world.folder / "hard.txt");
  fs::create_symlink(held, world.folder / "soft.txt");
  expect_private(world, world.folder / "soft.txt");
}

TEST(PublicSource, IsNoFileOfAFolderThatClientsHold) {
  const TinyWorld world;
  fs::create_directory(world.folder / "shards");
  fs::copy_file(world.folder / "north.json", world.folder / "shards" / "north.json");
  fs::create_hard_link(world.folder / "shards" / "north.json", world.folder / "elsewhere.txt");
  auto overrides = calibrated_on(world.folder / "elsewhere.txt");
  overrides.push_back("data.paths=[\"" + (world.folder / "shards").string() + "\"]");
  const auto said = complaint(world, overrides);
  EXPECT_NE(said.find("is what clients hold: private"), std::string::npos) << said;
}

TEST(PublicSource, IsNoFileBehindALinkToAFolder) {
  const TinyWorld world;
  for (const char* folder : {"elsewhere", "shards"})
    fs::create_directory(world.folder / folder);
  fs::copy_file(world.folder / "north.json", world.folder / "elsewhere" / "north.json");
  world.write(world.folder / "elsewhere" / "north.json", testing::text_of(world.folder / "north.json") + "\n");
  fs::create_directory_symlink(world.folder / "elsewhere", world.folder / "shards" / "linked");
  fs::create_directory_symlink(world.folder / "shards", world.folder / "elsewhere" / "back");  // round and round
  fs::copy_file(world.folder / "south.json", world.folder / "shards" / "south.json");
  auto overrides = calibrated_on(world.folder / "elsewhere" / "north.json");
  overrides.push_back("data.paths=[\"" + (world.folder / "shards").string() + "\"]");
  const auto said = complaint(world, overrides);
  EXPECT_NE(said.find("is what clients hold: private"), std::string::npos) << said;
}

TEST(PublicSource, IsNoCopyOfAFileThatClientsHold) {
  const TinyWorld world;
  fs::copy_file(world.folder / "north.json", world.folder / "published.txt");
  expect_private(world, world.folder / "published.txt");
}

TEST(PublicSource, IsAnyOtherFile) {
  const TinyWorld world;
  world.write(world.folder / "published.txt", testing::text_of(world.folder / "north.json") + "\n");
  EXPECT_FALSE(recorded(world, calibrated_on(world.folder / "published.txt")).result.plans.empty());
}

}  // namespace
}  // namespace edgefuse::app
