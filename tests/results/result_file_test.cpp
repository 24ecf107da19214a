#include "results/result_file.hpp"

#include <gtest/gtest.h>
#include <hdf5.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include <fmt/format.h>

#include "results/column_file_internal.hpp"
#include "results/columns.hpp"
#include "results/file_digest_internal.hpp"
#include "sim/error.hpp"
#include "tests/results/sample.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::results {
namespace {

namespace fs = std::filesystem;

std::string refusal(const fs::path& file) {
  try {
    (void)read_result(file);
  } catch (const InputError& error) {
    const std::string text = error.what();
    return text.substr(text.find(": ") + 2);
  }
  return "accepted";
}

fs::path recorded() {
  const auto file = testing::scratch_folder() / "a.h5";
  (void)sample::record(file, 3);
  return file;
}

void replace_text_attribute(const fs::path& file, const char* name, const char* value) {
  const hid_t open = H5Fopen(file.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  const hid_t attribute = H5Aopen(open, name, H5P_DEFAULT);
  const hid_t type = H5Aget_type(attribute);
  ASSERT_GE(H5Awrite(attribute, type, &value), 0);
  H5Tclose(type);
  H5Aclose(attribute);
  H5Fclose(open);
}

/// What a later version 1.x might record of a run of two rounds: one more attribute, column and table.
fs::path recorded_by_a_newer_edgefuse(const char* digest) {
  const auto file = testing::scratch_folder() / "a.h5";
  (void)sample::record(file, 2);
  {
    const auto open = hdf5::open_to_append(file);
    hdf5::write_attribute(open.id(), "schema_version", "1.4");
    hdf5::write_attribute(open.id(), "delta", 1e-5);
    create_column(open.id(), {"/rounds/epsilon", ColumnType::number, "1", "privacy spent so far", {}});
    append_to_column(open.id(), "/rounds/epsilon", std::vector{0.5, 0.75});
    (void)hdf5::create_group(open.id(), "/privacy");
    create_column(open.id(), {"/privacy/mechanism", ColumnType::text, "1", "where its noise comes from", {}});
    append_to_column(open.id(), "/privacy/mechanism", TextValues{"gaussian"});
    hdf5::write_attribute(open.id(), "digest", digest);
  }
  return file;
}

/// What version 1.1 recorded of the same run: without the columns that came later.
fs::path recorded_by_an_earlier_edgefuse() {
  const auto file = testing::scratch_folder() / "a.h5";
  (void)sample::record(file, 2);
  const auto open = hdf5::open_to_append(file);
  hdf5::write_attribute(open.id(), "schema_version", "1.1");
  const auto leave_out_later = [&](const auto& table) {
    for (const auto& column : table.columns)
      if (column.since > 0) H5Ldelete(open.id(), fmt::format("{}/{}", table.path, column.name).c_str(), H5P_DEFAULT);
  };
  leave_out_later(plan_table());
  leave_out_later(round_table());
  leave_out_later(conflict_pair_table());
  leave_out_later(conflict_table());
  leave_out_later(fusion_table());
  for (const auto* group : {"/conflict/pairs", "/conflict", "/fusion"})
    H5Ldelete(open.id(), group, H5P_DEFAULT);
  hdf5::write_attribute(open.id(), "digest", digest_of(open.id()));
  return file;
}

TEST(ResultFile, OfAnEarlierMinorVersionIsReadWithoutWhatItLacks) {
  const auto result = read_result(recorded_by_an_earlier_edgefuse());
  ASSERT_EQ(result.rounds.size(), 2U);
  EXPECT_EQ(result.rounds[1].bytes_up.value, 2000);
  EXPECT_EQ(result.rounds[1].wasted.value, 0);
  ASSERT_EQ(result.plans.size(), 4U);
  EXPECT_EQ(result.plans[0].binding, "memory");
  EXPECT_EQ(result.plans[0].fate, "");
}

// From the recipe of docs/formats/results.md in a few lines of Python.
constexpr auto digest_of_newer = "fb2f450c2785fcfb729c3dd79136ec5cac38e83fdb736e7894c16af9d2fdd576";

TEST(ResultFile, OfANewerMinorVersionIsReadAndChecked) {
  const auto result = read_result(recorded_by_a_newer_edgefuse(digest_of_newer));
  EXPECT_EQ(result.digest, digest_of_newer);
  EXPECT_EQ(result.rounds.size(), 2U);
  EXPECT_EQ(result.plans.size(), 4U);
}

TEST(ResultFile, OfANewerMinorVersionIsRefusedWhenAColumnThatNobodyHereKnowsWasChanged) {
  const auto file = recorded_by_a_newer_edgefuse(digest_of_newer);
  append_to_column(hdf5::open_to_append(file).id(), "/privacy/mechanism", TextValues{"none"});
  EXPECT_TRUE(refusal(file).starts_with("its content was changed: it states digest ")) << refusal(file);
}

TEST(ResultFile, WithASingleColumnTooManyIsRefused) {
  const auto file = recorded();
  create_column(hdf5::open_to_append(file).id(), {"/rounds/epsilon", ColumnType::number, "1", "made up", {}});
  EXPECT_TRUE(refusal(file).starts_with("its content was changed: it states digest ")) << refusal(file);
}

TEST(ResultFile, WithGroupsLinkedInACircleIsRefused) {
  const auto file = recorded();
  const hid_t open = H5Fopen(file.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  ASSERT_GE(H5Lcreate_hard(open, "/rounds", open, "/rounds/again", H5P_DEFAULT, H5P_DEFAULT), 0);
  H5Fclose(open);
  EXPECT_TRUE(refusal(file).ends_with("lies too deep (run its scenario again)")) << refusal(file);
}

TEST(ResultFile, ThatIsMissingIsRefused) {
  EXPECT_EQ(refusal("no/such.h5"), "cannot be read (name a result file, such as results/runs/quickstart.h5)");
}

TEST(ResultFile, ThatIsAFolderIsRefused) {
  EXPECT_EQ(refusal(testing::scratch_folder()), "is a folder (name the result file in it)");
}

TEST(ResultFile, OfAnotherKindIsRefused) {
  const auto file = testing::scratch_folder() / "a.h5";
  std::ofstream{file} << "name = \"a scenario, not a result\"\n";
  EXPECT_EQ(refusal(file), "is no HDF5 file (name a result file, such as results/runs/quickstart.h5)");
}

TEST(ResultFile, ThatIsEmptyIsRefused) {
  const auto file = testing::scratch_folder() / "a.h5";
  std::ofstream{file}.flush();
  EXPECT_EQ(refusal(file), "is no HDF5 file (name a result file, such as results/runs/quickstart.h5)");
}

TEST(ResultFile, OfAnotherProgramIsRefused) {
  const auto file = testing::scratch_folder() / "a.h5";
  H5Fclose(H5Fcreate(file.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
  EXPECT_EQ(refusal(file), "is HDF5, but no result of edgefuse (name a file that edgefuse run has written)");
}

TEST(ResultFile, CutShortAnywhereIsRefused) {
  const auto whole = recorded();
  const auto size = fs::file_size(whole);
  for (const auto keep : {size - 1, size - 4096, size / 2, size / 3, std::uintmax_t{2048}, std::uintmax_t{600}}) {
    const auto cut = testing::scratch_folder() / "cut.h5";
    fs::copy_file(whole, cut);
    fs::resize_file(cut, keep);
    const auto text = refusal(cut);
    EXPECT_TRUE(text.starts_with("is damaged or cut short: ")) << keep << " of " << size << " bytes: " << text;
  }
}

std::uint64_t number_at(const std::string& bytes, std::size_t at) {
  std::uint64_t number = 0;
  std::memcpy(&number, bytes.data() + at, sizeof number);
  return number;
}

/// Bytes that tell how long the texts in HDF5's global heaps are. Nothing checks them, and the library copies as many
/// bytes as they say into a buffer of the length it expects (HDF5 1.10, H5T__conv_vlen): damage there may crash it, and
/// no caller can prevent that.
std::vector<bool> lengths_in_heaps(const std::string& bytes) {
  std::vector<bool> found(bytes.size(), false);
  for (auto heap = bytes.find("GCOL"); heap != std::string::npos; heap = bytes.find("GCOL", heap + 4)) {
    const auto end = std::min(bytes.size(), heap + number_at(bytes, heap + 8));
    std::fill_n(found.begin() + static_cast<std::ptrdiff_t>(heap), 16, true);
    for (auto object = heap + 16; object + 16 <= end;) {
      std::fill_n(found.begin() + static_cast<std::ptrdiff_t>(object), 16, true);
      const auto size = number_at(bytes, object + 8);
      if (bytes[object] == 0 && bytes[object + 1] == 0) break;  // what is left is free
      object += 16 + (size + 7) / 8 * 8;
    }
  }
  return found;
}

TEST(ResultFile, WithAFlippedBitIsReadWholeOrRefused) {
  const auto whole = recorded();
  const auto digest = read_result(whole).digest;
  std::ifstream in{whole, std::ios::binary};
  const std::string bytes{std::istreambuf_iterator<char>{in}, {}};
  const auto flipped = testing::scratch_folder() / "flipped.h5";
  const auto unprotected = lengths_in_heaps(bytes);
  std::size_t refused = 0;
  for (std::size_t at = 0; at < bytes.size(); at += 1 + bytes.size() / 400) {
    if (unprotected[at]) continue;
    auto damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << at % 8));
    std::ofstream{flipped, std::ios::binary} << damaged;
    try {
      EXPECT_EQ(read_result(flipped).digest, digest) << "byte " << at;
    } catch (const InputError&) {
      ++refused;
    }
  }
  EXPECT_GT(refused, 10U) << "most bytes of a small file are room for more rows, but not all";
}

TEST(ResultFile, OfANewerSchemaIsRefused) {
  const auto file = recorded();
  replace_text_attribute(file, "schema_version", "2.0");
  EXPECT_EQ(
      refusal(file),
      "has schema version 2.0, and this edgefuse reads 1.x (read it with the edgefuse that wrote it, or a newer one)");
}

TEST(ResultFile, WithAnotherNameThanItsDigestSaysIsRefused) {
  const auto file = recorded();
  replace_text_attribute(file, "name", "another");
  EXPECT_TRUE(refusal(file).starts_with("its content was changed: it states digest ")) << refusal(file);
}

TEST(ResultFile, WithOneChangedFigureIsRefused) {
  const auto file = recorded();
  const hid_t open = H5Fopen(file.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  const hid_t set = H5Dopen2(open, "/evaluation/value", H5P_DEFAULT);
  std::vector<double> values(9);
  ASSERT_GE(H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
  values[4] += 1e-9;
  ASSERT_GE(H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
  H5Dclose(set);
  H5Fclose(open);
  EXPECT_TRUE(refusal(file).starts_with("its content was changed: it states digest ")) << refusal(file);
}

TEST(ResultFile, WithoutOneOfItsColumnsIsRefused) {
  const auto file = recorded();
  const hid_t open = H5Fopen(file.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  ASSERT_GE(H5Ldelete(open, "/rounds/energy", H5P_DEFAULT), 0);
  H5Fclose(open);
  EXPECT_TRUE(refusal(file).starts_with("is damaged or cut short: /rounds/energy is missing")) << refusal(file);
}

TEST(ResultFile, CarriesAUnitAndADescriptionOnEveryColumn) {
  const auto file = recorded();
  const hid_t open = H5Fopen(file.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  int columns = 0;
  const auto visit = [](hid_t root, const char* name, const H5O_info_t* info, void* count) -> herr_t {
    if (info->type != H5O_TYPE_DATASET || std::string_view{name}.starts_with("scenario/")) return 0;
    ++*static_cast<int*>(count);
    EXPECT_GT(H5Aexists_by_name(root, name, "unit", H5P_DEFAULT), 0) << name;
    EXPECT_GT(H5Aexists_by_name(root, name, "description", H5P_DEFAULT), 0) << name;
    return 0;
  };
  H5Ovisit(open, H5_INDEX_NAME, H5_ITER_INC, visit, &columns);
  H5Fclose(open);
  EXPECT_EQ(columns, 4 + 24 + 20 + 9 + 5 + 8 + 12 + 4);
}

}  // namespace
}  // namespace edgefuse::results
