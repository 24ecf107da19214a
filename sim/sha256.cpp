#include "sim/sha256.hpp"

#include <array>

#include <fmt/format.h>
#include <openssl/evp.h>

#include "sim/error.hpp"

namespace edgefuse::sim {
namespace {

void require(int status) {
  if (status != 1) throw RunError{"OpenSSL cannot compute SHA-256 on this machine"};
}

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_{EVP_MD_CTX_new()} {
  require(context_ != nullptr ? 1 : 0);
  require(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr));
}

void Sha256::update(std::span<const std::byte> bytes) {
  require(EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()));
}

std::string Sha256::hex() const {
  const std::unique_ptr<evp_md_ctx_st, Free> copy{EVP_MD_CTX_new()};
  require(copy != nullptr ? 1 : 0);
  require(EVP_MD_CTX_copy_ex(copy.get(), context_.get()));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  require(EVP_DigestFinal_ex(copy.get(), digest.data(), &length));
  std::string text;
  for (unsigned i = 0; i < length; ++i)
    text += fmt::format("{:02x}", digest[i]);
  return text;
}

}  // namespace edgefuse::sim
