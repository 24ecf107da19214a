#include "llm/safetensors.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "sim/error.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::llm {
namespace {

using nlohmann::json;

std::string with_length(const std::string& header, std::uint64_t claimed) {
  std::string bytes(8, '\0');
  std::memcpy(bytes.data(), &claimed, 8);
  return bytes + header;
}

std::string file_bytes(const std::string& header, std::size_t data) {
  return with_length(header, header.size()) + std::string(data, '\1');
}

std::filesystem::path written(const std::string& bytes) {
  const auto path = edgefuse::testing::scratch_folder() / "t.safetensors";
  std::ofstream{path, std::ios::binary} << bytes;
  return path;
}

/// What the reader says of a file, or "" when it takes it.
std::string complaint(const std::string& bytes) {
  try {
    const SafetensorsFile file{written(bytes)};
    return "";
  } catch (const InputError& error) {
    return error.what();
  }
}

std::string one_tensor(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return R"({"w":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
}

struct BadFile {
  std::string name;
  std::string bytes;
  std::string message;  // must be part of the complaint
};

void PrintTo(const BadFile& bad, std::ostream* out) {
  *out << bad.name;
}

class BadSafetensors : public ::testing::TestWithParam<BadFile> {};

TEST_P(BadSafetensors, IsRefusedWithAPreciseMessage) {
  const std::string said = complaint(GetParam().bytes);
  ASSERT_NE(said, "") << "the file was accepted";
  EXPECT_NE(said.find(GetParam().message), std::string::npos) << "it said: " << said;
  EXPECT_NE(said.find("t.safetensors"), std::string::npos) << "the message does not name the file: " << said;
}

const std::string fine = one_tensor("\"F32\"", "[2,3]", "[0,24]");

INSTANTIATE_TEST_SUITE_P(
    EachWayAFileCanLie, BadSafetensors,
    ::testing::Values(
        BadFile{"Empty", "", "only 0 bytes long"}, BadFile{"SevenBytes", "\1\2\3\4\5\6\7", "only 7 bytes long"},
        BadFile{"HeaderCutOff", with_length(fine.substr(0, 20), fine.size()), "but has only 20 after its first 8"},
        BadFile{"HugeHeader", with_length(fine, ~std::uint64_t{0}), "claims a header of 18446744073709551615 bytes"},
        BadFile{"PickleFile", "PK\3\4 archive of some other kind", "no safetensors file"},
        BadFile{"NotJson", file_bytes("{\"w\": nope}", 24), "not JSON"},
        BadFile{"JsonCutOff", file_bytes("{\"w\": {", 24), "not JSON"},
        BadFile{"NotAnObject", file_bytes("[1,2]", 24), "not a JSON object"},
        BadFile{"ImpossibleNumber", file_bytes("{\"w\": 1e999}", 24), "number"},
        BadFile{"EntryNotAnObject", file_bytes("{\"w\": 3}", 24), "w: is not described by an object"},
        BadFile{"NoDtype", file_bytes(R"({"w":{"shape":[2,3],"data_offsets":[0,24]}})", 24), "w: has no dtype"},
        BadFile{"NoShape", file_bytes(R"({"w":{"dtype":"F32","data_offsets":[0,24]}})", 24), "w: has no shape"},
        BadFile{"NoOffsets", file_bytes(R"({"w":{"dtype":"F32","shape":[2,3]}})", 24), "no pair of data_offsets"},
        BadFile{"UnknownDtype", file_bytes(one_tensor("\"F8_E4M3\"", "[24]", "[0,24]"), 24), "dtype F8_E4M3"},
        BadFile{"NegativeShape", file_bytes(one_tensor("\"F32\"", "[-2,-3]", "[0,24]"), 24), "whole numbers from 0"},
        BadFile{"FractionalShape", file_bytes(one_tensor("\"F32\"", "[2.5,3]", "[0,24]"), 24), "whole numbers from 0"},
        BadFile{"NegativeOffset", file_bytes(one_tensor("\"F32\"", "[2,3]", "[-24,0]"), 24), "no pair of data_offsets"},
        BadFile{"ThreeOffsets", file_bytes(one_tensor("\"F32\"", "[2,3]", "[0,24,48]"), 24), "no pair of data_offsets"},
        BadFile{"DataCutOff", file_bytes(fine, 23), "lies at bytes 0 to 24 of only 23"},
        BadFile{"DataAfterTheLastTensor", file_bytes(fine, 25), "holds 1 bytes after its last tensor"},
        BadFile{"OffsetsReversed", file_bytes(one_tensor("\"F32\"", "[2,3]", "[24,0]"), 24), "lies at bytes 24 to 0"},
        BadFile{"ShapeLargerThanSpan", file_bytes(one_tensor("\"F32\"", "[2,4]", "[0,24]"), 24), "needs 32 bytes"},
        BadFile{"DtypeNarrowerThanSpan", file_bytes(one_tensor("\"F16\"", "[2,3]", "[0,24]"), 24), "needs 12 bytes"},
        BadFile{"ShapeOverflows", file_bytes(one_tensor("\"F32\"", "[4294967296,4294967296,3]", "[0,24]"), 24),
                "more than any file"},
        BadFile{"ShapeOverflowsToTheRightSize",  // 2^62 * 4 wraps to 0 in 64 bits
                file_bytes(one_tensor("\"F32\"", "[4611686018427387904]", "[0,0]"), 0), "more than any file"},
        BadFile{"NameTwice",
                file_bytes(R"({"w":{"dtype":"U8","shape":[24],"data_offsets":[0,24]},)"
                           R"("w":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]}})",
                           24),
                "w: is described twice"},
        BadFile{"Overlap",
                file_bytes(R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},)"
                           R"("b":{"dtype":"U8","shape":[3],"data_offsets":[2,5]}})",
                           5),
                "b: begins at byte 2 where the tensor before it ends at 3: they overlap"},
        BadFile{"Hole",
                file_bytes(R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},)"
                           R"("b":{"dtype":"U8","shape":[3],"data_offsets":[4,7]}})",
                           7),
                "there is a hole"},
        BadFile{"FirstTensorNotAtZero", file_bytes(one_tensor("\"U8\"", "[3]", "[1,4]"), 4), "begins at byte 1"},
        BadFile{"MetadataNotStrings", file_bytes(R"({"__metadata__":{"step":7}})", 0), "__metadata__.step"},
        BadFile{"MetadataNotAnObject", file_bytes(R"({"__metadata__":"pt"})", 0), "not an object of strings"}),
    [](const auto& each) { return each.param.name; });

TEST(Safetensors, TellsEveryMistakeOfAFileAtOnce) {
  const auto path = written(file_bytes(R"({"a":{"dtype":"F32","shape":[9],"data_offsets":[0,3]},"b":4,"c":{}})", 3));
  try {
    const SafetensorsFile file{path};
    FAIL() << "the file was accepted";
  } catch (const InputError& error) {
    EXPECT_EQ(error.mistakes().size(), 3) << error.what();
  }
}

TEST(Safetensors, RefusesEveryTruncationOfAGoodFile) {
  const std::string whole = file_bytes(fine, 24);
  ASSERT_EQ(complaint(whole), "");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_NE(complaint(whole.substr(0, length)), "") << "accepted with only " << length << " bytes";
  }
}

TEST(Safetensors, RefusesAMissingFileAndAFolder) {
  EXPECT_THROW(SafetensorsFile{"/nowhere/model.safetensors"}, InputError);
  EXPECT_THROW(SafetensorsFile{edgefuse::testing::scratch_folder()}, InputError);
}

TEST(Safetensors, ReadsDataThatIsNotAlignedToItsElements) {
  // A header of odd length puts the float32 data at an odd address.
  std::string header = fine;
  if (header.size() % 2 == 0) header += ' ';
  const float values[6] = {1.5F, -2, 3, 4, 5, 1e-30F};
  const SafetensorsFile file{
      written(with_length(header, header.size()) + std::string{reinterpret_cast<const char*>(values), sizeof values})};
  EXPECT_TRUE(at::equal(file.read("w"), at::from_blob(const_cast<float*>(values), {2, 3}, at::kFloat)));
}

TEST(Safetensors, ReadsBackWhatItWritesInEveryType) {
  std::map<std::string, at::Tensor> tensors;
  const at::Tensor values = at::arange(-7, 8, at::kFloat).view({3, 5}) / 4;
  for (const at::ScalarType type :
       {at::kFloat, at::kHalf, at::kBFloat16, at::kDouble, at::kLong, at::kInt, at::kByte}) {
    tensors[std::string{"t."} + c10::toString(type)] = values.to(type);
  }
  tensors["empty"] = at::empty({0, 4}, at::kFloat);
  tensors["scalar"] = at::scalar_tensor(2.5, at::kFloat);
  tensors["transposed"] = values.t();  // not contiguous
  tensors["flags"] = values > 0;
  const auto path = edgefuse::testing::scratch_folder() / "all.safetensors";
  write_safetensors(path, tensors);

  const SafetensorsFile file{path};
  ASSERT_EQ(file.entries().size(), tensors.size());
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor read = file.read(name);
    EXPECT_EQ(read.scalar_type(), tensor.scalar_type()) << name;
    ASSERT_EQ(read.sizes(), tensor.sizes()) << name;
    EXPECT_TRUE(at::equal(read, tensor)) << name;
  }
  EXPECT_EQ(file.metadata().at("format"), "pt") << "transformers refuses files without it";
}

TEST(Safetensors, WritesAlignedTensors) {
  const auto path = edgefuse::testing::scratch_folder() / "aligned.safetensors";
  write_safetensors(path, {{"a", at::ones({3}, at::kHalf)},
                           {"b", at::ones({5, 2}, at::kFloat)},
                           {"c", at::ones({7}, at::kByte)},
                           {"d", at::ones({1, 3}, at::kLong)}});
  const SafetensorsFile file{path};
  for (const auto& [name, entry] : file.entries()) {
    EXPECT_EQ(entry.begin % c10::elementSize(entry.dtype), 0) << name << " begins at " << entry.begin;
  }
}

TEST(Safetensors, TensorsOutliveTheFileTheyWereReadFrom) {
  const auto path = edgefuse::testing::scratch_folder() / "gone.safetensors";
  write_safetensors(path, {{"w", at::arange(6, at::kFloat).view({2, 3})}});
  at::Tensor kept;
  {
    const SafetensorsFile file{path};
    kept = file.read("w", at::kDouble);
  }
  std::filesystem::remove(path);
  EXPECT_EQ(kept.sum().item<double>(), 15);
  EXPECT_EQ(kept.scalar_type(), at::kDouble);
}

TEST(Safetensors, WidensHalfPrecisionExactly) {
  const auto path = edgefuse::testing::scratch_folder() / "half.safetensors";
  const at::Tensor half = at::tensor({1.0 / 3, 65504.0, -6e-8, 0.1}).to(at::kHalf);
  write_safetensors(path, {{"f16", half}, {"bf16", half.to(at::kBFloat16)}});
  const SafetensorsFile file{path};
  EXPECT_TRUE(at::equal(file.read("f16", at::kFloat), half.to(at::kFloat)));
  EXPECT_TRUE(at::equal(file.read("bf16", at::kDouble), half.to(at::kBFloat16).to(at::kDouble)));
}

TEST(Safetensors, NamesATensorThatIsNotThere) {
  const SafetensorsFile file{written(file_bytes(fine, 24))};
  try {
    (void)file.read("v");
    FAIL() << "a tensor came from nowhere";
  } catch (const InputError& error) {
    EXPECT_EQ(error.mistakes().front().key, "v");
  }
}

TEST(Safetensors, LeavesNothingBehindWhereItCannotWrite) {
  const auto folder = edgefuse::testing::scratch_folder();
  EXPECT_THROW(write_safetensors(folder / "no" / "such" / "w.safetensors", {{"w", at::ones({2, 3})}}), InputError);
  write_safetensors(folder / "w.safetensors", {{"w", at::ones({2, 3})}});
  const auto count = std::distance(std::filesystem::directory_iterator{folder}, {});
  EXPECT_EQ(count, 1) << "a partial file was left beside the written one";
}

}  // namespace
}  // namespace edgefuse::llm
