#include <gtest/gtest.h>

#include <array>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "clients/device_catalogue.hpp"
#include "sim/quantity_text.hpp"
#include "sim/roofline.hpp"
#include "sim/throttled.hpp"
#include "tests/support/assets.hpp"

namespace edgefuse::clients {
namespace {

/// A decoder's blocks, without embedding and head. A prompt takes two operations for each weight and token; llama.cpp
/// computes logits for its last token only.
struct Decoder {
  double layers, hidden, keys, intermediate;

  [[nodiscard]] constexpr double weights() const {
    return layers * (2 * hidden * hidden + 2 * hidden * keys + 3 * hidden * intermediate);
  }
};
constexpr Decoder tiny_llama{22, 2048, 256, 5632};
constexpr Decoder llama2_7b{32, 4096, 4096, 11008};
constexpr Decoder llama31_8b{32, 4096, 1024, 14336};

/// One pass of Whisper's encoder (Radford et al., 2022) over 30 s, 1500 positions: two convolutions of width 3, the
/// blocks, and the keys and values that whisper.cpp computes from it for the decoder's layers.
constexpr double whisper_encoder(double layers, double hidden) {
  const double positions = 1500;
  const double convolutions = 2 * 3 * 80 * hidden * 2 * positions + 2 * 3 * hidden * hidden * positions;
  const double blocks = layers * (2 * 12 * hidden * hidden * positions + 4 * positions * positions * hidden);
  return convolutions + blocks + layers * 2 * 2 * hidden * hidden * positions;
}

/// Encoder with full attention over 384 tokens, as MLPerf asks: BERT-large (Devlin et al., 2019).
constexpr double bert_large = 24 * (2 * 12 * 1024.0 * 1024 * 384 + 4 * 384.0 * 384 * 1024);
/// MobileBERT (Sun et al., ACL 2020): 24 blocks of width 512 with a bottleneck of 128, keys and queries from the shared
/// bottleneck, four feed-forward networks; three tokens' embeddings of 128 are joined for each position.
constexpr double mobile_bert =
    2 * 384 *
    (384.0 * 512 + 24 * (3 * 128.0 * 512 + 512.0 * 128 + 3 * 128.0 * 128 + 4 * 2 * 128.0 * 512 + 2 * 384.0 * 128));

/// LoRA: two operations for each weight and token forward, two backward; adapters are left out. WikiText-2 has 2.39
/// million tokens of GPT-2's.
constexpr double lora_epoch(double weights) {
  return 4 * weights * 2.39e6;
}

enum class Limit { arithmetic, bandwidth, another_processor };

struct Figure {
  std::string_view device;
  std::string_view workload;
  Limit limit;
  double flops;
  double bytes;
  double published;         // s
  std::string_view source;  // the letter on the page
};

constexpr auto figures = std::to_array<Figure>({
    {"raspberry-pi-5", "TinyLlama 1.1B f16, prompt, a token", Limit::arithmetic, 2 * tiny_llama.weights(), 0, 1 / 28.0,
     "a"},
    {"raspberry-pi-5", "TinyLlama 1.1B f16, fp16 kernels", Limit::arithmetic, 2 * tiny_llama.weights(), 0, 1 / 62.0,
     "a"},
    {"raspberry-pi-5", "Llama 2 7B Q4_0, prompt, a token", Limit::arithmetic, 2 * llama2_7b.weights(), 0, 0.12348, "b"},
    {"raspberry-pi-5", "Whisper small, encoder", Limit::arithmetic, whisper_encoder(12, 768), 0, 8.3083, "c"},
    {"raspberry-pi-5", "Whisper medium, encoder", Limit::arithmetic, whisper_encoder(24, 1024), 0, 26.40777, "c"},
    {"raspberry-pi-4", "TinyLlama 1.1B f16, prompt, a token", Limit::arithmetic, 2 * tiny_llama.weights(), 0, 1 / 3.0,
     "a"},
    {"raspberry-pi-4", "TinyLlama 1.1B Q8_0, prompt, a token", Limit::arithmetic, 2 * tiny_llama.weights(), 0, 1 / 10.0,
     "a"},
    {"laptop", "Llama 3.1 8B Q4_K_M, prompt, a token", Limit::arithmetic, 2 * llama31_8b.weights(), 0, 1 / 49.75, "d"},
    {"phone-flagship", "GPT-2 124M, LoRA, WikiText-2", Limit::arithmetic, lora_epoch(124e6), 0, 5 * 3600.0, "e"},
    {"phone-flagship", "GPT-2 355M, LoRA, WikiText-2", Limit::arithmetic, lora_epoch(355e6), 0, 12 * 3600.0, "e"},
    {"phone-flagship", "Gemma 3 270M, LoRA, WikiText-2", Limit::arithmetic, lora_epoch(270e6), 0, 10 * 3600.0, "e"},

    {"raspberry-pi-5", "TinyLlama 1.1B f16, a new token", Limit::bandwidth, 0, 2.2e9, 1 / 5.0, "a"},
    {"raspberry-pi-5", "TinyLlama 1.1B Q8_0, a new token", Limit::bandwidth, 0, 1.17e9, 1 / 9.0, "a"},
    {"raspberry-pi-5", "Llama 3.2 3B Q4_K_M, a new token", Limit::bandwidth, 0, 2.02e9, 1 / 4.51, "f"},
    {"raspberry-pi-5", "Llama 3.1 8B Q4_K_M, a new token", Limit::bandwidth, 0, 4.92e9, 1 / 2.05, "f"},
    {"raspberry-pi-5", "Llama 2 13B Q4_0, a new token", Limit::bandwidth, 0, 7.37e9, 1 / 1.35, "f"},
    {"raspberry-pi-4", "TinyLlama 1.1B f16, a new token", Limit::bandwidth, 0, 2.2e9, 1 / 2.0, "a"},
    {"raspberry-pi-4", "TinyLlama 1.1B Q8_0, a new token", Limit::bandwidth, 0, 1.17e9, 1 / 3.0, "a"},
    {"jetson-orin-nano", "TinyLlama 1.1B q4f16, a new token", Limit::bandwidth, 0, 0.62e9, 1 / 68.0, "g"},
    {"jetson-orin-nx", "TinyLlama 1.1B q4f16, a new token", Limit::bandwidth, 0, 0.62e9, 1 / 37.5, "g"},
    {"jetson-agx-orin", "Qwen2.5-VL 3B fp16, a new token", Limit::bandwidth, 0, 6.17e9, 1 / 27.2, "h"},
    {"jetson-agx-orin", "Llama 2 7B 4-bit, a new token", Limit::bandwidth, 0, 3.83e9, 1 / 22.5, "i"},
    {"jetson-agx-orin", "Llama 2 13B 4-bit, a new token", Limit::bandwidth, 0, 7.37e9, 1 / 13.3, "i"},
    {"jetson-agx-orin", "Llama 2 70B 4-bit, a new token", Limit::bandwidth, 0, 38.9e9, 1 / 3.0, "i"},
    {"laptop", "Llama 3.1 8B Q4_K_M, a new token", Limit::bandwidth, 0, 4.92e9, 1 / 9.63, "d"},

    {"jetson-agx-orin", "BERT-large, int8 on tensor cores", Limit::another_processor, bert_large, 0, 0.00789, "j"},
    {"phone-flagship", "MobileBERT on the neural processor", Limit::another_processor, mobile_bert, 0, 0.002307969,
     "k"},
});

Seconds predicted(const Figure& figure) {
  const auto catalogue = built_in_devices();
  const auto& device = catalogue.find(figure.device);
  const Seconds cool = sim::step_time(device, {.flops = Flops{figure.flops}, .traffic = Bytes{figure.bytes}});
  return device.throttling ? sim::computing_time(*device.throttling, Seconds{}, cool) : cool;
}

double ratio(const Figure& figure) {
  return predicted(figure).value / figure.published;
}

std::string page() {
  std::ifstream file{testing::project_root() / "docs/models/time.md"};
  return {std::istreambuf_iterator<char>{file}, {}};
}

TEST(PublishedFigures, ThePageShowsWhatTheModelPredicts) {
  const auto text = page();
  for (const auto& f : figures) {
    const auto row = fmt::format("| {} | {} | {} | {} | {:.2f} | {} |", f.device, f.workload,
                                 sim::to_text(predicted(f)), sim::to_text(Seconds{f.published}), ratio(f), f.source);
    EXPECT_NE(text.find(row), std::string::npos) << "docs/models/time.md should hold the line\n" << row;
  }
}

TEST(PublishedFigures, TheKnownOperationCountsAreWhatTheirAuthorsSay) {
  EXPECT_NEAR(tiny_llama.weights(), 0.97e9, 5e6);
  EXPECT_NEAR(llama2_7b.weights(), 6.476e9, 1e6);
  EXPECT_NEAR(llama31_8b.weights(), 6.979e9, 1e6);
  // 5.7 billion for 128 tokens (Sun et al., table 1); attention apart, 384 tokens take three times that.
  EXPECT_NEAR(mobile_bert / 3, 5.7e9, 0.2e9);
}

TEST(PublishedFigures, ArithmeticIsPredictedWithinAFactorOfThreeOnProcessorCores) {
  for (const auto& f : figures) {
    if (f.limit != Limit::arithmetic || f.device == "raspberry-pi-4") continue;
    EXPECT_GT(ratio(f), 1 / 3.0) << f.device << ": " << f.workload;
    EXPECT_LT(ratio(f), 3) << f.device << ": " << f.workload;
  }
}

TEST(PublishedFigures, ARaspberryPi4IsSlowerThanItsDataSheetByUpToFour) {
  for (const auto& f : figures) {
    if (f.device != "raspberry-pi-4") continue;
    EXPECT_GT(ratio(f), 1 / 4.5) << f.workload;
    EXPECT_LT(ratio(f), 1) << f.workload;
  }
}

TEST(PublishedFigures, NothingIsFasterThanTheBandwidthOfTheDataSheet) {
  for (const auto& f : figures) {
    if (f.limit != Limit::bandwidth) continue;
    EXPECT_LT(ratio(f), 1) << f.device << ": " << f.workload;
    EXPECT_GT(ratio(f), 0.2) << f.device << ": " << f.workload;
  }
}

TEST(PublishedFigures, ProcessorsThatAClassLeavesOutAreTenTimesAsFastOrMore) {
  for (const auto& f : figures) {
    if (f.limit != Limit::another_processor) continue;
    EXPECT_GT(ratio(f), 10) << f.device << ": " << f.workload;
  }
}

TEST(PublishedFigures, ANeuralProcessorReachesLessOfItsPeakThanIsAssumedOfCores) {
  // Snapdragon X Elite: 45 TOPS (Qualcomm product brief), MobileBERT in 3.35 ms (MLPerf Mobile v4.0).
  const double reached = mobile_bert / 0.0033461 / 45e12;
  EXPECT_NEAR(reached, 0.11, 0.01);
}

}  // namespace
}  // namespace edgefuse::clients
