import type { DebianPackage, PackageFile } from './debian-package.js';

// Suites that are closed: what is pinned stays what their index names.

export const consul: DebianPackage = {
  name: 'consul',
  version: '1.8.7+dfsg1-2+b3',
  suite: 'bullseye',
  sha256: {
    amd64: 'e4e888bba104daba1d9161f49bfc52649a7e4efd45b1a7ead5bc54f2cb9c89d9',
    arm64: '7318cfa77a7ba6f71dd096e44353279de246ffc6561216ace42353685dcf8255',
  },
};

/** The parts that several need. */
const libssl = pin('libssl3', '3.0.20-1~deb12u2', {
  amd64: '89be24b41bff568ee6e7caf5680a3d808e80315ed92e407056ce0fa7a5bda025',
  arm64: 'a256e03cc3abd7243ac5c6ee91a9deb56478221ef0d3c2b0748551e13140c0bf',
});

export const haproxy: DebianPackage = {
  suite: 'bookworm',
  ...pin('haproxy', '2.6.12-1+deb12u3', {
    amd64: 'c8fa07420a78bfc47544b2a46e97151a8a12c3b4db62de610b2e37e78506f465',
    arm64: '7635b443ca8cf8a4cd207e838d1800777a513fdf2db98e745c4fd43651d57a74',
  }),
  libraries: [
    pin('liblua5.3-0', '5.3.6-2', {
      amd64: '576ad8ef2e9f6ad21f29f0c90dac17448deefee8f3912877c2a0911b77e5d3ca',
      arm64: 'a6ced38c031a049097fef0acdf57cac7d16d7f642006e8a2c17358bb47caa318',
    }),
    pin('libopentracing-c-wrapper0', '1.1.3-3+b1', {
      amd64: '68013bf6296a776923622c871bed26bc7b6bfe5f84b0fa2707a06382d1db2692',
      arm64: '36751ed62c207843d9997e7984aec6cd7482fdd703f43849bc9e31e09c4c4d55',
    }),
    pin('libopentracing1', '1.6.0-4', {
      amd64: 'af62b62a99979253a79e3443f7dabe13f1f33bc2fc024f99039e3868a67f26f4',
      arm64: '5fe103e1d8ab56f8ee381aa3cca9ec0e40e61ea24f25d0ac9933cf9c5820b3a4',
    }),
    libssl,
  ],
};

export const etcd: DebianPackage = {
  suite: 'bookworm',
  ...pin('etcd-server', '3.4.23-4+b4', {
    amd64: '3a9445d4560ad6de1c375756b2a17d97713df44cbd20a658c871fe108af7ef5d',
    arm64: '821e59be145fa42bd72b3e003d275640947c3d824b4c06b1ed2a01a631d555a1',
  }),
};

export const etcdClient: DebianPackage = {
  suite: 'bookworm',
  ...pin('etcd-client', '3.4.23-4+b4', {
    amd64: 'db3a484d5d924b50bf71f459ee544ecd7b11c25dc2f6becc0c50352d67299cc8',
    arm64: '3f1bcd6d47e2c9eaa274c5bb2f7b2ebc090226dc10dde00e13e32d0b03d137d7',
  }),
};

/** `redis-server` is a link to a program of redis-tools. */
export const redis: DebianPackage = {
  suite: 'bookworm',
  ...pin('redis-server', '5:7.0.15-1~deb12u7', {
    amd64: '1f43e46f153d1653586e72871dd3e2ea08acba5c3d2b38b02f90d63d16352cac',
    arm64: 'ebde2a3c6b8d65fe655cc2cd24f7feaf30df538226e61df6941f966acef75415',
  }),
  libraries: [
    pin('redis-tools', '5:7.0.15-1~deb12u7', {
      amd64: '3c8cd27847c6a06b6f6c29e7415a9057462a89661e3a8e2eb8dd5b2d7830bb40',
      arm64: 'a25bf48365275f484203e35932a5105b40ac5d90fa873473b1c608918c777588',
    }),
    pin('libjemalloc2', '5.3.0-1', {
      amd64: 'a4117c23c5c8acf6c9678a6cb086f000b79476369da7efe8a78a70826956ad3d',
      arm64: '866eba7688ec5cbb98200a05540c4909df6320557371b634b5d394cd32b9f252',
    }),
    pin('liblzf1', '3.6-3', {
      amd64: '9854b0866201b63e04f1e446f45f01ef4a6f72c61f2250b75f944f6046cc7e8c',
      arm64: '7bd48f5f5e3cacd0e8e46f943c6cc71bc10e2f0d62d2f5cac926dbae7d7b0beb',
    }),
    pin('libatomic1', '12.2.0-14+deb12u1', {
      amd64: 'fbd4e154a6b444229ea002cc209df099209c0adc09102e5fd21239a3d2b55e2d',
      arm64: '1693aa13ce2b30d061a519fc28b77b9bab8c8e45804ced5969d99821e1bc2159',
    }),
    libssl,
  ],
};

/** What many still run. Its program, like the one above, is that of redis-tools. */
export const redis6: DebianPackage = {
  suite: 'bullseye',
  ...pin('redis-server', '5:6.0.16-1+deb11u2', {
    amd64: 'd7d3d93e00d414982eef09b57de3ad39db5ab61c16aef58241dedb75db0105fc',
  }),
  libraries: [
    pin('redis-tools', '5:6.0.16-1+deb11u2', {
      amd64: '0329056b6cf1cc65ec1069a66bb0825ddb8307d1c6c5c93ab022fb19187138fd',
    }),
    pin('libatomic1', '10.2.1-6', { amd64: 'e8f1d04653698ab185c1144f35f905a1de87571c12ea630b65be669a2823d8c7' }),
    pin('libhiredis0.14', '0.14.1-1', { amd64: 'c9fc48c7fef3803d41e622928b5569395d83c8f1bf642da8345fbf034b44d35c' }),
    pin('libjemalloc2', '5.2.1-3', { amd64: 'dcb79555b137ad70c9d392ca31e04533e3a10b63aa0db02d5a26f464060cc0f5' }),
    pin('liblua5.1-0', '5.1.5-8.1+b3', { amd64: '8f5341aba9fd26a797ff826b4aa4c626fd487ebe2bf659bc8b2cee450ec7f9f2' }),
    pin('liblzf1', '3.6-3', { amd64: '9854b0866201b63e04f1e446f45f01ef4a6f72c61f2250b75f944f6046cc7e8c' }),
    pin('libssl1.1', '1.1.1w-0+deb11u1', {
      amd64: 'aadf8b4b197335645b230c2839b4517aa444fd2e8f434e5438c48a18857988f7',
    }),
    pin('lua-bitop', '1.0.2-5', { amd64: 'e7a286f04b4fced769b4da574e13a058dac1e6ad23660998643bf1af8a875b1a' }),
    pin('lua-cjson', '2.1.0+dfsg-2.1', { amd64: '4bdf90fe39c1de756c22c3c52332bc6e694c53645c4059932e2e0917e9f07517' }),
  ],
};

function pin(name: string, version: string, sha256: PackageFile['sha256']): PackageFile {
  return { name, version, sha256 };
}
