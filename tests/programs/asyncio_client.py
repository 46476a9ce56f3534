import asyncio


async def main():
    reader, writer = await asyncio.open_connection('127.0.0.1', 8888)
    writer.write(b'hello')
    print(await reader.read(100))
    writer.close()
    await writer.wait_closed()

asyncio.run(main())
